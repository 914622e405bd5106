import { readFileSync, readdirSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatHex, parseBytes } from '../text/bytes-text.ts'
import { compileRecipe } from './compile-recipe.ts'
import { parseRecipe } from './parse-recipe.ts'
import { playTranscript } from './play-transcript.ts'
import { parseTranscript, type TranscriptStep } from './transcript.ts'

const folder = new URL('../../recipes/', import.meta.url)
const read = (file: string) => readFileSync(new URL(file, folder), 'utf8')
const all = readdirSync(folder)
  .filter((file) => /^[\w-]+\.yaml$/.test(file))
  .map((file) => {
    const beside = file.replace('.yaml', '.transcript.yaml')
    const ready = compileRecipe(parseRecipe(read(file), file))
    const transcript = parseTranscript(read(beside), beside)
    const play = (step: TranscriptStep, bytes: Uint8Array) =>
      playTranscript(ready, {
        ...transcript,
        steps: [{ ...step, receives: `hex:${formatHex(bytes)}` }],
      })
    const good = transcript.steps.filter(
      (step) => step.values !== undefined && step.error === undefined,
    )
    return { file, ready, good, play }
  })
const guarded = all.filter(({ ready }) => ready.recipe.frame.checksum !== undefined)

describe('a recipe on a bad line', () => {
  it('with a checksum is there', () => {
    expect(guarded.length).toBeGreaterThanOrEqual(3)
  })

  it.each(guarded)(
    '$file takes no other value from a frame with one wrong bit',
    ({ good, ready, play }) => {
      for (const step of good) {
        // An exchange that frames its answer otherwise may have no checksum.
        if (ready.recipe.exchanges?.[step.exchange ?? '']?.frame !== undefined) continue
        const bytes = parseBytes(step.receives ?? '')
        let refused = 0
        for (let bit = 0; bit < 8 * bytes.length; bit++) {
          const wrong = bytes.slice()
          wrong[bit >> 3] = (wrong[bit >> 3] ?? 0) ^ (1 << (bit & 7))
          const problems = play(step, wrong)
          for (const problem of problems)
            expect(problem).toMatch(/^step 1: (timeout|bad_data: the answer is hurt): /)
          if (problems.length > 0) refused++
        }
        expect(refused).toBeGreaterThan(0)
      }
    },
  )

  it.each(all)('$file fails in no other way than it may, whatever comes', ({ good, play }) => {
    const noise = fc.tuple(fc.constantFrom(...good), fc.nat(200), fc.uint8Array({ maxLength: 12 }))
    fc.assert(
      fc.property(noise, ([step, at, instead]) => {
        const bytes = parseBytes(step.receives ?? '')
        const mixed = [...bytes.subarray(0, at), ...instead, ...bytes.subarray(at + instead.length)]
        for (const problem of play(step, Uint8Array.from(mixed))) {
          expect(problem).toMatch(/^step 1: (timeout|bad_data|rejected|unsupported|\w+ is )/)
        }
      }),
    )
  })
})
