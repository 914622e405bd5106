import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { formatValue } from '@mapper-sdk/core'
import { describe, expect, it } from 'vitest'
import { compileRecipe, type ReadyRecipe } from '../recipe/compile-recipe.ts'
import { resolveParams } from '../recipe/params.ts'
import { parseRecipe } from '../recipe/parse-recipe.ts'
import { ownRecipes } from '../recipe/shelf.ts'
import { parseTranscript, type TranscriptStep } from '../recipe/transcript.ts'
import type { Values } from '../template/template.ts'
import { formatBytes, parseBytes } from '../text/bytes-text.ts'
import { createDecoder, createFrameDecoder, type Decoder } from './decoder.ts'
import type { Direction, Sighting } from './sighting.ts'

const read = (file: string) => readFileSync(`${ownRecipes}/${file}`, 'utf8')
const recipeOf = (name: string) => compileRecipe(parseRecipe(read(`${name}.yaml`), name))

/** What is said, in the order in which it is said; a mark for the way it goes. */
type Said = readonly [way: '>' | '<' | '|', bytes: string]
const ways: Readonly<Record<Said[0], Direction>> = { '>': 'sent', '<': 'received', '|': 'unknown' }

/** A piece each 10 ms, and what each sighting was taken for. */
function hear(decoder: Decoder, said: readonly Said[]): readonly Sighting[] {
  let atMs = 0
  const sightings = said.flatMap(([way, bytes]) =>
    decoder.take(ways[way], parseBytes(bytes), (atMs += 10)),
  )
  return [...sightings, ...decoder.finish(atMs + 1000)]
}

const shown = ({ raw, taken }: Sighting): string => {
  const values = 'values' in taken ? taken.values : []
  const texts = values.map(({ name, outcome }) =>
    outcome.ok ? `${name}=${formatValue(outcome.value, 'STRING')}` : `${name}!`,
  )
  const settings = taken.kind === 'request' ? Object.entries(taken.settings).map(String) : []
  const value = taken.kind === 'request' && taken.value !== undefined ? [`=${taken.value}`] : []
  const reason = taken.kind === 'hurt' ? [taken.reason, formatBytes(raw)] : []
  const of = 'of' in taken ? [taken.of] : []
  return [taken.kind, ...of, ...value, ...settings, ...texts, ...reason].join(' ')
}

describe('a scale', () => {
  const scale = recipeOf('mt-sics-scale')

  it('is asked, answers, fails, and speaks on its own', () => {
    const sightings = hear(createDecoder(scale, {}), [
      ['>', 'SI<CR><LF>'],
      ['<', 'S S     100.00 g<CR><LF>'],
      ['<', 'S D     101.00 g<CR><LF>'],
      ['>', 'SI<CR><LF>'],
      ['<', 'S +<CR><LF>'],
      ['>', 'TA 12.50 g<CR><LF>'],
      ['<', 'TA A      12.50 g<CR><LF>'],
      ['>', 'WHAT<CR><LF>'],
      ['<', 'ES<CR><LF>'],
    ])
    expect(sightings.map(shown)).toEqual([
      'request weigh',
      'answer weigh weight=0.1 stable=true',
      'stream continuous streamedWeight=0.101',
      'request weigh',
      'error weigh',
      'request tare =0.0125',
      'answer tare',
      'other',
      'other',
    ])
    expect(sightings.map(({ direction }) => direction).slice(0, 2)).toEqual(['sent', 'received'])
  })

  it('whose answer comes late is told so, unless it may be a stream', () => {
    const decoder = createDecoder(scale, {})
    const say = (way: Said[0], bytes: string, atMs: number) =>
      decoder.take(ways[way], parseBytes(bytes), atMs)
    say('>', 'TA<CR><LF>', 0)
    const [late] = say('<', 'TA A 1.00 g<CR><LF>', 1250)
    expect(late?.taken).toMatchObject({ kind: 'answer', of: 'tareWeight', lateMs: 250 })
    say('>', 'SI<CR><LF>', 2000)
    const [stream] = say('<', 'S S 1.00 g<CR><LF>', 3250)
    expect(stream?.taken).toMatchObject({ kind: 'stream' })
  })
})

describe('several devices on a line with one ear', () => {
  const stepper = recipeOf('stepper-controller')

  it('are told apart by what is in the requests', () => {
    const transcript = parseTranscript(read('stepper-controller.transcript.yaml'), 't')
    const step = transcript.steps.find(({ exchange }) => exchange === 'position')
    const [request = '', answer = ''] = [step?.sends, step?.receives]
    const other = request.replace('/2', '/7')
    expect(other).not.toBe(request)
    const said = [request, answer, other, answer].map((bytes): Said => ['|', bytes])
    expect(hear(createDecoder(stepper, {}), said).map(shown)).toEqual([
      'request position address,2',
      // What this device sends before each answer.
      'hurt noise \\xff',
      'answer position position=1000 ready=true',
      'request position address,7',
      'hurt noise \\xff',
      'answer position position=1000 ready=true',
    ])
  })

  it('keeps what is no part of a request, and what was cut off by one', () => {
    const texts = hear(createDecoder(stepper, {}), [
      ['|', 'xy/2?0<CR>'],
      ['|', '/0`10'],
      ['|', '/2?0<CR>'],
      ['|', '/0`1000<ETX><CR><LF>'],
    ]).map(shown)
    expect(texts).toEqual([
      'hurt noise xy',
      'request position address,2',
      'hurt incomplete /0`10',
      'request position address,2',
      'answer position position=1000 ready=true',
    ])
  })

  it('tells what may have become a request when nothing follows', () => {
    const decoder = createDecoder(recipeOf('vesc-motor-controller'), {})
    expect(decoder.take('unknown', parseBytes('hex:02 01 1e 00 00 03'), 0)).toEqual([])
    expect(decoder.held).toBe(6)
    const { dueAt = 0 } = decoder
    expect(dueAt).toBeGreaterThan(0)
    expect(decoder.flush(dueAt - 1)).toEqual([])
    expect(decoder.flush(dueAt).map(shown)).toEqual(['hurt checksum <STX><SOH><RS><NUL><NUL><ETX>'])
    expect([decoder.dueAt, decoder.held]).toEqual([undefined, 0])
  })
})

const names = readdirSync(ownRecipes).flatMap(
  (file) => /^([\w-]+)\.transcript\.yaml$/.exec(file)?.[1] ?? [],
)

/** What a step of a transcript has to look like to whoever listens. */
function expected(ready: ReadyRecipe, { exchange, write, stream, error, values }: TranscriptStep) {
  const of = exchange ?? write ?? stream ?? ''
  if (stream !== undefined) return error === undefined ? { kind: 'stream', of } : undefined
  const { answers } = ready.exchanges.get(of) ?? ready.writes.get(of) ?? { answers: true }
  if (!answers || error === 'timeout') return undefined
  if (error !== undefined) return error === 'bad_data' ? undefined : { kind: 'error', of, error }
  return { kind: 'answer', of, values }
}

describe.each(names)('what goes over the line in the transcript of %s', (name) => {
  const ready = recipeOf(name)
  const transcript = parseTranscript(read(`${name}.transcript.yaml`), name)
  const settings: Values = resolveParams(ready.recipe, transcript.params ?? {})
  const steps = transcript.steps.filter(({ receives }) => receives !== undefined)

  const check = (step: TranscriptStep, sightings: readonly Sighting[]) => {
    const { sends = '', exchange, write, value } = step
    const request = sightings.find(({ taken }) => taken.kind === 'request')?.taken
    if (sends !== '') {
      expect(request).toMatchObject({ of: write ?? exchange, isWrite: write !== undefined })
      if (request?.kind === 'request' && value !== undefined) {
        expect(Number.isNaN(Number(value)) ? String(request.value) : Number(request.value)).toBe(
          Number.isNaN(Number(value)) ? value : Number(value),
        )
      }
    }
    const wanted = expected(ready, step)
    if (wanted === undefined) return
    const { kind, of, error, values = {} } = { error: undefined, values: {}, ...wanted }
    const found = sightings.find(
      ({ taken }) => taken.kind === kind && 'of' in taken && taken.of === of,
    )
    expect(found, sightings.map(shown).join(' | ')).toBeDefined()
    if (found?.taken.kind === 'error') expect(found.taken.error.code).toBe(error)
    const got = found !== undefined && 'values' in found.taken ? found.taken.values : []
    for (const [one, text] of Object.entries(values ?? {})) {
      const { outcome } = got.find((each) => each.name === one) ?? {}
      expect(outcome?.ok === true && formatValue(outcome.value, 'STRING')).toBe(text)
    }
  }

  const chunksOf = (bytes: Uint8Array, size: number) =>
    Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
      bytes.subarray(at * size, (at + 1) * size),
    )

  it.each(['two ears', 'one ear'])('is understood in whatever pieces, with %s', (how) => {
    const [out, back] = how === 'one ear' ? (['|', '|'] as const) : (['>', '<'] as const)
    fc.assert(
      fc.property(fc.constantFrom(...steps), fc.integer({ min: 1, max: 80 }), (step, size) => {
        const decoder = createDecoder(ready, settings)
        const take = (way: Said[0], bytes: string, atMs: number) =>
          chunksOf(parseBytes(bytes), size).flatMap((piece) => decoder.take(ways[way], piece, atMs))
        const sightings = [
          ...take(out, step.sends ?? '', 0),
          ...take(back, step.receives ?? '', 1),
          ...decoder.finish(100),
        ]
        check(step, sightings)
      }),
      { numRuns: 15 },
    )
  })
})

describe('any bytes', () => {
  it('are all shown, in their order, with one ear and with two', () => {
    const ready = recipeOf('stepper-controller')
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 12 }),
      fc.constantFrom('/1?0<CR>', '/0`100<ETX><CR><LF>', '/1A5R<CR>').map(parseBytes),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        for (const direction of ['unknown', 'received'] as const) {
          const decoder = createDecoder(ready, {})
          const sightings = pieces.flatMap((one) => decoder.take(direction, one, 0))
          const all = [...sightings, ...decoder.finish(1)].map(({ raw }) => Buffer.from(raw))
          // Only empty frames are left out, which are nothing but delimiters.
          const kept = Buffer.concat(all).toString('latin1')
          const sent = Buffer.concat(pieces).toString('latin1')
          const without = (text: string) => text.replaceAll(/[\r\n/]|\x03/g, '')
          expect(without(kept)).toBe(without(sent))
        }
      }),
      { numRuns: 40 },
    )
  })

  it('are cut as it is said where there is no recipe', () => {
    const decoder = createFrameDecoder({ type: 'delimiter', end: '<LF>' })
    const sightings = hear(decoder, [
      ['|', 'a<LF>b'],
      ['|', 'c<LF>d'],
    ])
    expect(sightings.map(({ raw }) => formatBytes(raw))).toEqual(['a<LF>', 'bc<LF>', 'd'])
    expect(sightings.map(shown)).toEqual(['frame', 'frame', 'hurt incomplete d'])
  })
})
