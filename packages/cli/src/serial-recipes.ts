import type { Recipe } from '@mapper-sdk/serial'
import { MapperError } from '@mapper-sdk/core'
import { findRecipe, shelvedRecipes } from '@mapper-sdk/serial/commission'
import type { CommandIo } from './command-io.ts'

/**
 * Prints all recipes that can be named, with where they are and what they have. Resolves with whether all
 * of them are right.
 */
export function printRecipes(
  options: { readonly json: boolean },
  { out, err }: CommandIo,
): boolean {
  const all = shelvedRecipes()
  let isGood = true
  for (const { name, file, recipe } of all) {
    if (recipe instanceof MapperError) {
      isGood = false
      err.write(`${recipe.detail}\n`)
      continue
    }
    const { recipe: spec } = recipe
    const [values, writes] = [Object.keys(spec.values ?? {}), Object.keys(spec.writes ?? {})]
    if (options.json) {
      out.write(`${JSON.stringify({ recipe: name, name: spec.name, file, values, writes })}\n`)
      continue
    }
    out.write(`${name}  ${spec.name}\n  ${file}\n`)
    out.write(`  values  ${values.join(', ') || 'none'}\n`)
    if (writes.length > 0) out.write(`  writes  ${writes.join(', ')}\n`)
  }
  return isGood
}

/** Prints what one recipe has: values, writes, settings. Throws `invalid_config` if there is none. */
export function printRecipe(
  what: string,
  options: { readonly json: boolean },
  { out }: CommandIo,
): void {
  const { recipe } = findRecipe(what).ready
  const { name, description, documentation, values, writes, params } = recipe
  if (options.json) {
    const all = { name, description, documentation, line: recipe.line, values, writes, params }
    return void out.write(`${JSON.stringify(all)}\n`)
  }
  out.write(`${name}\n`)
  for (const text of [description, documentation]) {
    if (text !== undefined) out.write(`${text}\n`)
  }
  for (const [title, rows] of Object.entries({
    values: valueRows(recipe),
    writes: writeRows(recipe),
    settings: settingRows(recipe),
  })) {
    if (rows.length > 0) out.write(`\n${title}\n${tableOf(rows)}`)
  }
}

type Row = readonly [name: string, what: string, description: string]

const valueRows = ({ values = {} }: Recipe): readonly Row[] =>
  Object.entries(values).map(([name, { unit, type = 'number', description = '', from }]) => [
    name,
    unit === undefined ? type : `${type}, ${unit}`,
    description === '' ? `from ${from}` : description,
  ])

const writeRows = ({ writes = {} }: Recipe): readonly Row[] =>
  Object.entries(writes).map(
    ([name, { type = 'number', minimum, maximum, lookup, description }]) => [
      name,
      `${type}${limits(minimum, maximum)}${lookup === undefined ? '' : `: ${Object.keys(lookup).join(', ')}`}`,
      description ?? '',
    ],
  )

const settingRows = ({ params = {} }: Recipe): readonly Row[] =>
  Object.entries(params).map(
    ([name, { type = 'text', minimum, maximum, default: usual, description }]) => [
      name,
      `${type}${limits(minimum, maximum)}, ${usual === undefined ? 'needed' : `default ${usual}`}`,
      description ?? '',
    ],
  )

const limits = (minimum?: number, maximum?: number) =>
  minimum === undefined && maximum === undefined
    ? ''
    : ` ${minimum ?? ''} … ${maximum ?? ''}`.trimEnd()

function tableOf(rows: readonly Row[]): string {
  const width = (column: 0 | 1) => Math.max(...rows.map((row) => row[column].length))
  const [first, second] = [width(0), width(1)]
  return rows
    .map(([name, what, text]) =>
      `  ${name.padEnd(first)}  ${what.padEnd(second)}  ${text}`.trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('')
}
