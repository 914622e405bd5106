import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { MapperError } from '@mapper-sdk/core'
import { compileRecipe, type ReadyRecipe } from '../recipe/compile-recipe.ts'
import { parseRecipe } from '../recipe/parse-recipe.ts'
import { createShelf, type Shelf } from '../recipe/shelf.ts'

/** A recipe as people name it: by its name on the shelf, or by the path of its file. */
export interface FoundRecipe {
  /** What a protocol configuration says for it. */
  readonly words: { readonly recipe: string } | { readonly recipeText: string }
  readonly ready: ReadyRecipe
}

/**
 * The recipe that a text names: a path has a slash in it, or ends with .yaml. Throws a MapperError
 * `invalid_config`: with `file:line:column` of all that is wrong in it, or that there is none.
 */
export function findRecipe(what: string, shelf: Shelf = createShelf()): FoundRecipe {
  if (!/[/\\]|\.ya?ml$/.test(what)) {
    try {
      return { words: { recipe: what }, ready: shelf.named(what) }
    } catch (thrown) {
      const { code, detail } = MapperError.from(thrown)
      throw new MapperError(code, detail.replace(/^is /, 'the recipe is '), { cause: thrown })
    }
  }
  const text = readRecipe(what)
  return { words: { recipeText: text }, ready: compileRecipe(parseRecipe(text, what)) }
}

function readRecipe(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new MapperError('invalid_config', `cannot read the recipe ${file}`, { cause })
  }
}

/** A recipe in a folder, or why its file is none. */
export interface ShelvedRecipe {
  readonly name: string
  readonly file: string
  readonly recipe: ReadyRecipe | MapperError
}

/** All recipes that can be named, by their names. */
export function shelvedRecipes(shelf: Shelf = createShelf()): readonly ShelvedRecipe[] {
  const found = new Map<string, ShelvedRecipe>()
  for (const folder of shelf.folders()) {
    for (const recipe of recipesIn(folder)) {
      // The first folder that has it is where it is taken from.
      if (!found.has(recipe.name)) found.set(recipe.name, recipe)
    }
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** All recipes of one folder; none if there is no such folder. */
export function recipesIn(folder: string): readonly ShelvedRecipe[] {
  const names = attempt(() => readdirSync(folder)) ?? []
  return names.sort().flatMap((base): readonly ShelvedRecipe[] => {
    const [, name, kind] = /^(.+?)(\.transcript|\.simulator)?\.ya?ml$/.exec(base) ?? []
    if (name === undefined || kind !== undefined) return []
    const file = path.join(folder, base)
    try {
      return [{ name, file, recipe: compileRecipe(parseRecipe(readRecipe(file), file)) }]
    } catch (thrown) {
      return [{ name, file, recipe: MapperError.from(thrown, 'invalid_config') }]
    }
  })
}

function attempt<T>(call: () => T): T | undefined {
  try {
    return call()
  } catch {
    return undefined
  }
}
