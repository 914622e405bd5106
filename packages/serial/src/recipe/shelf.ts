import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { MapperError } from '@mapper-sdk/core'
import { compileRecipe, type ReadyRecipe } from './compile-recipe.ts'
import { parseRecipe } from './parse-recipe.ts'

/** Where recipes are found, by name or as a text. */
export interface Shelf {
  /**
   * The recipe in the first folder that has it. The file is looked at each time, and read again only
   * when it has changed. Throws a MapperError `invalid_config` with file, line and column, or with the
   * folders that were searched.
   */
  named(name: string): ReadyRecipe
  /** Throws a MapperError `invalid_config` with line and column. */
  ofText(text: string): ReadyRecipe
  /** All folders, in their order. */
  folders(): readonly string[]
}

/** The recipes that come with this package. */
export const ownRecipes = fileURLToPath(new URL('../../recipes', import.meta.url))

/** Bytes of a file; no recipe is nearly as long. */
const longest = 1 << 20

const tooLong = (file: string) =>
  new MapperError('invalid_config', `is ${file}, which is too long for a recipe`)

/** More than the devices of any gateway have. */
const mostKept = 500

/**
 * Folders are those of the environment variable MAPPER_RECIPES, separated like in PATH; `recipes` where
 * the process was started; and the recipes of this package.
 */
export const usualFolders = (): readonly string[] => [
  ...(process.env['MAPPER_RECIPES'] ?? '').split(path.delimiter).filter((folder) => folder !== ''),
  path.resolve('recipes'),
  ownRecipes,
]

export function createShelf(folders: () => readonly string[] = usualFolders): Shelf {
  const kept = new Map<string, ReadyRecipe>()

  const keep = (key: string, make: () => ReadyRecipe): ReadyRecipe => {
    const known = kept.get(key)
    if (known !== undefined) return known
    const made = make()
    const [oldest] = kept.keys()
    if (kept.size >= mostKept && oldest !== undefined) kept.delete(oldest)
    kept.set(key, made)
    return made
  }

  return {
    named(name) {
      for (const folder of folders()) {
        for (const ending of ['.yaml', '.yml']) {
          const file = path.join(folder, `${name}${ending}`)
          const stat = statSync(file, { throwIfNoEntry: false })
          if (stat?.isFile() !== true) continue
          if (stat.size > longest) throw tooLong(file)
          return keep(`${file} ${stat.size} ${stat.mtimeMs}`, () => {
            return compileRecipe(parseRecipe(readFileSync(file, 'utf8'), file))
          })
        }
      }
      throw new MapperError(
        'invalid_config',
        `is ${name}, but there is no ${name}.yaml in ${folders().join(', ')}`,
      )
    },
    ofText: (text) =>
      keep(createHash('sha256').update(text).digest('hex'), () =>
        compileRecipe(parseRecipe(text, 'recipeText')),
      ),
    folders,
  }
}
