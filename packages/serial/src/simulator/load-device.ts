import { existsSync, readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { MapperError } from '@mapper-sdk/core'
import { parseRecipe } from '../recipe/parse-recipe.ts'
import type { Recipe } from '../recipe/recipe.ts'
import { parseTranscript } from '../recipe/transcript.ts'
import { readYamlText } from '../recipe/yaml-text.ts'
import { parseSimulatorScript } from './parse-script.ts'
import { scriptedDevice } from './scripted-device.ts'
import type { SimulatedDevice } from './simulated-device.ts'
import { transcriptDevice } from './transcript-device.ts'

export interface LoadedDevice {
  readonly device: SimulatedDevice
  readonly recipe: Recipe
  /** The file that says what it does. */
  readonly file: string
}

const shipped = fileURLToPath(new URL('../../recipes/', import.meta.url))

/**
 * A simulated device from files. `what` is the name of a recipe that comes with this package, or the path
 * of a recipe, a simulator script or a transcript. For a recipe, its script is taken
 * (`NAME.simulator.yaml` beside `NAME.yaml`), else its transcript. `params` are settings that are other
 * than there. Throws a MapperError `invalid_config` with file, line and column.
 */
export function loadDevice(
  what: string,
  params: Readonly<Record<string, string | number>> = {},
): LoadedDevice {
  const given = fileOf(what)
  const file = isRecipe(given) ? besides(given) : given
  const text = textOf(file)
  const recipeOf = (name: string) => {
    const beside = path.join(path.dirname(file), name)
    return parseRecipe(textOf(beside), beside)
  }
  if ('steps' in readYamlText(text, file, new Set()).value) {
    const transcript = parseTranscript(text, file)
    const recipe = recipeOf(transcript.recipe)
    if (Object.keys(params).length > 0) {
      throw wrong(`${file} is a transcript, whose settings are fixed; write a simulator script`)
    }
    return { device: transcriptDevice(transcript, recipe), recipe, file }
  }
  const { script, recipe } = parseSimulatorScript(text, file, recipeOf)
  return { device: scriptedDevice(script, recipe, { params }), recipe, file }
}

function fileOf(what: string): string {
  if (!/^[\w-]+$/.test(what) || existsSync(what)) return what
  const named = path.join(shipped, `${what}.yaml`)
  if (existsSync(named)) return named
  throw wrong(`${what} is neither a file nor a recipe; recipes are ${shippedRecipes().join(', ')}`)
}

/** The names of the recipes that come with this package. */
export const shippedRecipes = (): readonly string[] =>
  readdirSync(shipped).flatMap((file) => /^([\w-]+)\.yaml$/.exec(file)?.[1] ?? [])

/** Scripts and transcripts name their recipe; no recipe does. */
const isRecipe = (file: string) => !('recipe' in readYamlText(textOf(file), file, new Set()).value)

function besides(recipe: string): string {
  const stem = recipe.replace(/\.ya?ml$/, '')
  const found = ['simulator', 'transcript']
    .map((kind) => `${stem}.${kind}.yaml`)
    .find((file) => existsSync(file))
  if (found !== undefined) return found
  // What is wrong with the recipe itself comes first.
  parseRecipe(textOf(recipe), recipe)
  throw wrong(
    `${recipe} has neither ${path.basename(stem)}.simulator.yaml nor a transcript beside it`,
  )
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new MapperError('invalid_config', `${file}: ${MapperError.from(cause).detail}`, { cause })
  }
}

const wrong = (detail: string) => new MapperError('invalid_config', detail)
