import { statSync } from 'node:fs'
import path from 'node:path'

/** Recipes beside device files: in this folder of theirs. */
const beside = 'recipes'

export const recipeFolderOf = (folder: string): string => path.resolve(folder, beside)

/**
 * Lets recipes be found beside the device files of a folder first, in this process and in those that it
 * starts. A file stands for the folder that it is in.
 */
export function useRecipesOf(fileOrFolder: string): void {
  const isFile = statSync(fileOrFolder, { throwIfNoEntry: false })?.isFile() === true
  const folder = recipeFolderOf(isFile ? path.dirname(fileOrFolder) : fileOrFolder)
  const known = (process.env['MAPPER_RECIPES'] ?? '').split(path.delimiter)
  const others = known.filter((one) => one !== '' && one !== folder)
  process.env['MAPPER_RECIPES'] = [folder, ...others].join(path.delimiter)
}
