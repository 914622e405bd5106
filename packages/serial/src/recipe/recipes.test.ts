import { readFileSync, readdirSync } from 'node:fs'
import { isLegalValue } from '@mapper-sdk/core'
import { describe, expect, it } from 'vitest'
import { compileRecipe } from './compile-recipe.ts'
import { parseRecipe } from './parse-recipe.ts'
import { playTranscript } from './play-transcript.ts'
import { parseTranscript } from './transcript.ts'

const folder = new URL('../../recipes/', import.meta.url)
const read = (file: string) => readFileSync(new URL(file, folder), 'utf8')
const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'))
const recipes = files.filter((file) => /^[\w-]+\.yaml$/.test(file))

const load = (file: string) => {
  const transcriptFile = file.replace('.yaml', '.transcript.yaml')
  return {
    ready: compileRecipe(parseRecipe(read(file), file)),
    transcript: parseTranscript(read(transcriptFile), transcriptFile),
  }
}

describe('the recipes', () => {
  it('are there, each with its transcript and its simulator script', () => {
    expect(recipes.length).toBeGreaterThanOrEqual(8)
    expect(files.length).toBe(3 * recipes.length)
    for (const file of recipes) expect(load(file).transcript.recipe).toBe(file)
  })

  it.each(recipes)('%s does what its transcript says, byte for byte', (file) => {
    const { ready, transcript } = load(file)
    expect(playTranscript(ready, transcript)).toEqual([])
  })

  it.each(recipes)('%s has nothing that its transcript does not show', (file) => {
    const { ready, transcript } = load(file)
    const { steps } = transcript
    const shown = steps.flatMap(({ values }) => Object.keys(values ?? {}))
    const done = steps.flatMap(({ exchange, stream }) => [exchange, stream])
    expect(new Set(shown)).toEqual(new Set(ready.values.keys()))
    expect(done).toEqual(
      expect.arrayContaining([...ready.exchanges.keys(), ...ready.streams.keys()]),
    )
    expect(steps.map(({ write }) => write)).toEqual(
      expect.arrayContaining([...ready.writes.keys()]),
    )
    expect(ready.recipe.documentation).toBeDefined()
  })

  it.each(recipes)('%s means nothing by words that EdgeCore does not carry as they are', (file) => {
    const { ready } = load(file)
    const meanings = Object.values(ready.recipe.values ?? {}).flatMap(({ lookup, otherwise }) => [
      ...Object.values(lookup ?? {}),
      ...(otherwise === undefined ? [] : [otherwise]),
    ])
    expect(meanings.filter((text) => !isLegalValue(text))).toEqual([])
  })

  it.each(recipes)('%s would be found wrong if its transcript were another', (file) => {
    const { ready, transcript } = load(file)
    const steps = transcript.steps.flatMap((step) => [
      ...(step.sends === undefined ? [] : [{ ...step, sends: `${step.sends}x` }]),
      ...(step.error === undefined
        ? [
            { ...step, error: 'internal' },
            ...Object.keys(step.values ?? {}).map((name) => ({ ...step, values: { [name]: '?' } })),
          ]
        : [{ ...step, error: 'internal' }]),
    ])
    for (const step of steps) {
      expect(playTranscript(ready, { ...transcript, steps: [step] })).not.toEqual([])
    }
  })
})
