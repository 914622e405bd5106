import { MapperError, formatValue } from '@mapper-sdk/core'
import { isHurt, type Frame } from '../frame/frame.ts'
import type { FrameSpec } from '../frame/frame-spec.ts'
import { createFramer } from '../frame/framer.ts'
import type { Values } from '../template/template.ts'
import { formatBytes, parseBytes } from '../text/bytes-text.ts'
import type { Groups } from '../match/match.ts'
import type { ReadyExchange, ReadyRecipe } from './compile-recipe.ts'
import { resolveParams } from './params.ts'
import { own } from './recipe-parts.ts'
import type { Transcript, TranscriptStep } from './transcript.ts'
import { parseWritten } from './written.ts'

interface Found {
  readonly payload: Uint8Array
  readonly groups: Groups
}

/**
 * Plays a transcript without a line: what would be sent is compared byte by byte, and what came goes
 * through framing, matching and values. The differences, a sentence each; none: the recipe is right.
 */
export function playTranscript(ready: ReadyRecipe, transcript: Transcript): readonly string[] {
  const params = resolveParams(ready.recipe, transcript.params ?? {})
  return transcript.steps.flatMap((step, index) =>
    playStep(ready, params, step).map((problem) => `step ${index + 1}: ${problem}`),
  )
}

function playStep(ready: ReadyRecipe, params: Values, step: TranscriptStep): readonly string[] {
  const problems: string[] = []
  const from = step.exchange ?? step.stream ?? step.write ?? ''
  try {
    const found =
      step.stream === undefined
        ? ask(ready, params, step, problems)
        : streamed(ready, params, step.stream, framesOf(ready.recipe.frame, step))
    if (found !== undefined) problems.push(...compareValues(ready, from, found, step))
    if (step.error !== undefined) problems.push(`is no error, but ${step.error} is expected`)
  } catch (thrown) {
    const { code, detail } = MapperError.from(thrown)
    if (code !== step.error) problems.push(`${code}: ${detail}`)
  }
  return problems
}

/** A request and its answer; undefined: there is none to come. */
function ask(
  ready: ReadyRecipe,
  params: Values,
  step: TranscriptStep,
  problems: string[],
): Found | undefined {
  const { exchange, values } = exchangeOf(ready, params, step)
  const sent = formatBytes(createFramer(ready.send).encode(exchange.request(values)))
  const wanted = formatBytes(parseBytes(step.sends ?? ''))
  if (sent !== wanted) problems.push(`sends ${sent}, not ${wanted}`)
  const frames = framesOf(exchange.frame, step)
  if (!exchange.answers) {
    if (frames.length > 0) problems.push('receives an answer, but none is to come')
    return undefined
  }
  for (const frame of frames) {
    if (!frame.good) continue
    const { payload } = frame
    const answer = exchange.judge(payload, values)
    if (answer.kind === 'error') throw answer.error
    if (answer.kind === 'answer') return { payload, groups: answer.groups }
  }
  const hurt = frames.find((frame) => !frame.good && isHurt(frame.reason))
  if (hurt === undefined) throw noAnswer(frames)
  throw new MapperError('bad_data', `the answer is hurt: ${formatBytes(hurt.raw)}`)
}

function exchangeOf(
  ready: ReadyRecipe,
  params: Values,
  step: TranscriptStep,
): { readonly exchange: ReadyExchange; readonly values: Values } {
  const { write: name = '', value: text = '' } = step
  const write = ready.writes.get(name)
  const spec = own(ready.recipe.writes, name)
  if (write !== undefined && spec !== undefined) {
    const value = parseWritten(text, spec)
    return { exchange: write, values: { ...params, value } }
  }
  const exchange = ready.exchanges.get(step.exchange ?? '')
  if (exchange !== undefined) return { exchange, values: params }
  throw new MapperError('invalid_config', `there is no ${step.write ?? step.exchange}`)
}

function streamed(
  ready: ReadyRecipe,
  params: Values,
  name: string,
  frames: readonly Frame[],
): Found {
  const stream = ready.streams.get(name)
  if (stream === undefined) throw new MapperError('invalid_config', `there is no ${name}`)
  for (const frame of frames) {
    if (!frame.good) continue
    const { payload } = frame
    const groups = stream.find(payload, params)
    if (groups !== undefined) return { payload, groups }
  }
  throw noAnswer(frames)
}

/** A frame that is not meant is no error of a device; transcripts call it a timeout, as an engine would. */
const noAnswer = (frames: readonly Frame[]) =>
  new MapperError(
    'timeout',
    `no frame is meant among ${frames.map(({ raw }) => formatBytes(raw)).join(' | ')}`,
  )

function framesOf(spec: FrameSpec, step: TranscriptStep): readonly Frame[] {
  const framer = createFramer(spec)
  const bytes = parseBytes(step.receives ?? '')
  // By halves, so that no frame depends on how its bytes come.
  const half = Math.floor(bytes.length / 2)
  return [
    ...framer.push(bytes.subarray(0, half), 0),
    ...framer.push(bytes.subarray(half), 0),
    ...framer.finish(0),
  ]
}

function compareValues(
  ready: ReadyRecipe,
  from: string,
  { payload, groups }: Found,
  step: TranscriptStep,
): readonly string[] {
  return Object.entries(step.values ?? {}).flatMap(([name, wanted]) => {
    const value = ready.values.get(name)
    if (value?.from !== from) return [`${name} is no value of ${from}`]
    const found = formatValue(value.extract(payload, groups), 'STRING')
    return found === wanted ? [] : [`${name} is ${found}, not ${wanted}`]
  })
}
