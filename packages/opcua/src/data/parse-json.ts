import { integerValue, MapperError } from '@mapper-sdk/core'

export type Json =
  null | boolean | number | bigint | string | readonly Json[] | { readonly [key: string]: Json }

const deepest = 32

/** JSON.parse would round integers beyond 2^53, so they pass it as texts; a letter tells which text was one. */
const literals = /"([^"\\]*(?:\\.[^"\\]*)*)"|(?<![\d.eE+-])-?[1-9]\d{15,}(?![\d.eE])/gs

/** JSON whose integers keep all their digits. Throws `bad_data` if the text is none. */
export function parseJson(text: string): Json {
  const marked = text.replaceAll(literals, (literal, inside: string | undefined) =>
    inside === undefined ? `"i${literal}"` : `"s${inside}"`,
  )
  let parsed: Json
  try {
    parsed = JSON.parse(marked) as Json
  } catch {
    throw new MapperError('bad_data', `${show(text)} is no JSON`)
  }
  return unmarked(parsed, 0)
}

function unmarked(json: Json, depth: number): Json {
  if (typeof json === 'string') {
    return json.startsWith('i') ? integerValue(BigInt(json.slice(1))) : json.slice(1)
  }
  if (typeof json !== 'object' || json === null) return json
  if (depth >= deepest) throw new MapperError('bad_data', `JSON with more than ${deepest} levels`)
  if (isList(json)) return json.map((one) => unmarked(one, depth + 1))
  return Object.fromEntries(
    Object.entries(json).map(([key, one]) => [key.slice(1), unmarked(one, depth + 1)]),
  )
}

export const isList = (json: unknown): json is readonly Json[] => Array.isArray(json)

const show = (text: string) => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)
