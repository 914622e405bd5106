import { existsSync } from 'node:fs'
import { MapperError } from '@mapper-sdk/core'
import type { Finding } from './check-folder.ts'
import { recipeFolderOf } from './recipe-folders.ts'

/** What is wrong with the recipes beside the device files of a folder, also with those that none uses. */
export async function checkRecipes(folder: string): Promise<readonly Finding[]> {
  const recipes = recipeFolderOf(folder)
  if (!existsSync(recipes)) return []
  const { recipesIn } = await import('@mapper-sdk/serial/commission')
  return recipesIn(recipes).flatMap(({ file, recipe }) =>
    recipe instanceof MapperError
      ? recipe.detail.split('\n').map((line) => findingOf(line, file))
      : [],
  )
}

/** A problem of a recipe as its parser tells it: `file:line:column: what`. */
function findingOf(text: string, file: string): Finding {
  const [, line = '1', column = '1', message = text] = /^.*?:(\d+):(\d+): (.*)$/s.exec(text) ?? []
  const place = { file, line: Number(line), column: Number(column) }
  return { ...place, severity: 'error', path: '', message }
}
