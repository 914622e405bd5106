import { readFile } from 'node:fs/promises'
import { createDriverConfig, MapperError, type RawConfig } from '@mapper-sdk/core'
import {
  createShelf,
  parseTranscript,
  parseWritten,
  playTranscript,
  serialDriver,
  type ReadyRecipe,
} from '@mapper-sdk/serial'
import { tryRecipe, type Trial, type TrialResult } from '@mapper-sdk/serial/commission'
import type { CommandIo } from './command-io.ts'
import {
  errorObject,
  sightingJson,
  sightingLine,
  valuesObject,
  valueText,
} from './sighting-text.ts'
import { checkProtocol } from './target.ts'

/** What of a recipe is to be tried; what of it is not said follows from the recipe. */
export interface TryWish {
  readonly exchanges?: readonly string[]
  /** `NAME=VALUE` each. */
  readonly writes?: readonly string[]
  readonly streams?: readonly string[]
  readonly listenMs?: number
  readonly json: boolean
}

/**
 * Makes exchanges of a recipe with a device and prints all frames as they go over the line, and the values
 * afterwards. `raw` is the protocol configuration. Resolves with whether everything was answered.
 */
export async function tryDevice(
  raw: RawConfig,
  ready: ReadyRecipe,
  wish: TryWish,
  { out, signal }: CommandIo,
): Promise<boolean> {
  const protocol = checkProtocol(createDriverConfig(serialDriver), raw, 'serial try')
  const { trial, isNamed } = trialOf(ready, wish)
  const results: TrialResult[] = []
  const { json } = wish
  await tryRecipe(
    protocol,
    createShelf(),
    trial,
    {
      onSighting: (seen) => void out.write(`${json ? sightingJson(seen) : sightingLine(seen)}\n`),
      onResult: (result) => void results.push(result),
    },
    signal,
  )
  if (json) out.write(results.map((result) => `${resultJson(result)}\n`).join(''))
  else
    out.write(
      `\n${resultLines(results)
        .map((line) => `${line}\n`)
        .join('')}`,
    )
  const streams = results.filter(({ kind }) => kind === 'stream')
  const others = results.filter(({ kind }) => kind !== 'stream')
  // Of streams that nobody named, a device need not have all.
  const isHeard = isNamed ? streams.every(isGood) : streams.length === 0 || streams.some(isGood)
  return others.every(isGood) && isHeard
}

const isGood = ({ outcome }: TrialResult) =>
  outcome.ok && outcome.value.every((value) => value.outcome.ok)

/** What is tried: what is wished, else each exchange that values come from, else all streams. */
export function trialOf(
  ready: ReadyRecipe,
  wish: TryWish,
): { readonly trial: Trial; readonly isNamed: boolean } {
  const { listenMs, exchanges, streams, writes } = wish
  const { recipe } = ready
  const sources = new Set([...ready.values.values()].map(({ from }) => from))
  const usual = [...ready.exchanges.keys()].filter((name) => sources.has(name))
  const saysNothing = [exchanges, streams, writes, listenMs].every((one) => one === undefined)
  const isListening = listenMs !== undefined || (saysNothing && usual.length === 0)
  const askFor = exchanges ?? (saysNothing ? usual : [])
  const listenTo = streams ?? (isListening ? [...ready.streams.keys()] : [])
  if (listenMs !== undefined && listenTo.length === 0) {
    throw wrong(`--listen: ${recipe.name} has no streams`)
  }
  return {
    trial: {
      exchanges: askFor.map((name) => known(name, ready.exchanges, 'exchange')),
      writes: (writes ?? []).map((text) => writeOf(text, ready)),
      streams: listenTo.map((name) => known(name, ready.streams, 'stream')),
      ...(listenMs !== undefined && { listenMs }),
    },
    isNamed: streams !== undefined,
  }
}

function writeOf(text: string, { recipe, writes }: ReadyRecipe) {
  const at = text.indexOf('=')
  if (at < 1) throw wrong(`--write ${text}: write it as NAME=VALUE`)
  const name = known(text.slice(0, at), writes, 'write')
  const spec = new Map(Object.entries(recipe.writes ?? {})).get(name)
  if (spec === undefined) throw new MapperError('internal', `${name} is no write`)
  return { name, value: parseWritten(text.slice(at + 1), spec) }
}

function known(name: string, among: ReadonlyMap<string, unknown>, kind: string): string {
  if (among.has(name)) return name
  const list = [...among.keys()].join(', ') || 'none'
  throw wrong(`the recipe has no ${kind} ${name}; there is: ${list}`)
}

const wrong = (detail: string) => new MapperError('invalid_config', detail)

/** A table of values, and of what has none. */
export function resultLines(results: readonly TrialResult[]): readonly string[] {
  const rows = results.flatMap(({ kind, of, outcome }): (readonly [string, string])[] => {
    if (!outcome.ok) return [[of, `– ${outcome.error.message}`]]
    if (kind === 'write') return [[of, 'was written']]
    if (outcome.value.length === 0) return [[of, 'was done']]
    return outcome.value.map((value) => [value.name, valueText(value)] as const)
  })
  const width = Math.max(0, ...rows.map(([name]) => name.length))
  return rows.map(([name, text]) => `${name.padEnd(width)}  ${text}`)
}

const resultJson = ({ kind, of, outcome }: TrialResult) =>
  JSON.stringify({
    [kind]: of,
    ...(outcome.ok
      ? { values: valuesObject(outcome.value) }
      : { error: errorObject(outcome.error) }),
  })

/**
 * Plays a transcript with a recipe, without a line, and prints each difference. Resolves with whether there
 * is none.
 */
export async function tryTranscript(
  file: string,
  ready: ReadyRecipe,
  { json }: { readonly json: boolean },
  { out }: CommandIo,
): Promise<boolean> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new MapperError('invalid_config', `cannot read the transcript ${file}`, { cause })
  })
  const transcript = parseTranscript(text, file)
  const differences = playTranscript(ready, transcript)
  const steps = transcript.steps.length
  if (json) out.write(`${JSON.stringify({ transcript: file, steps, differences })}\n`)
  else if (differences.length === 0) out.write(`${file}: ${steps} steps, as the recipe says\n`)
  else out.write(differences.map((line) => `${file}: ${line}\n`).join(''))
  return differences.length === 0
}
