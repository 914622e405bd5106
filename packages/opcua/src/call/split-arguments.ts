import { MapperError, type Value } from '@mapper-sdk/core'
import { isList, parseJson, type Json } from '../data/parse-json.ts'

/** An argument as it was written: within a JSON array by the rules of JSON, else as any value. */
export type Given =
  { readonly isJson: true; readonly json: Json } | { readonly isJson: false; readonly value: Value }

/**
 * The arguments of a method that a written value stands for: a JSON array has one entry each; any other
 * value is the only argument, or says "call it" if the method takes none.
 */
export function splitArguments(
  value: Value,
  isArray: readonly boolean[],
): readonly Given[] | MapperError {
  const count = isArray.length
  if (count === 0) return []
  const list = typeof value === 'string' ? listOf(value) : undefined
  if (count === 1) {
    // An only argument that is an array may be written without a second pair of brackets.
    const isWrapped = list?.length === 1 && (isArray[0] !== true || isList(list[0]))
    return isWrapped ? list.map(given) : [{ isJson: false, value }]
  }
  if (list?.length === count) return list.map(given)
  return new MapperError(
    'rejected',
    list === undefined
      ? `the method takes ${count} arguments: write them as a JSON array, such as ["a", 1]`
      : `the method takes ${count} arguments, not ${list.length}`,
  )
}

const given = (json: Json): Given => ({ isJson: true, json })

/** Integers keep all their digits. */
function listOf(text: string): readonly Json[] | undefined {
  try {
    const json = parseJson(text)
    return isList(json) ? json : undefined
  } catch {
    return undefined
  }
}
