import { MapperError } from '@mapper-sdk/core'

/** The way to one member: a name for a structure, an index (from 0) for an array. */
export type MemberPath = readonly (string | number)[]

const rightForm = 'write it like limits.high, samples[3].value, [2] or "a.b".c'
const deepest = 64

/**
 * Reads `limits.high`, `samples[3].value`, `[2]`, `matrix[1][2]` or `matrix[1,2]`. A name with dots,
 * brackets, quotes or spaces stands in double quotes, as in JSON. Throws `invalid_config` that begins
 * with what is wrong.
 */
export function parseMemberPath(text: string): MemberPath {
  const path: (string | number)[] = []
  const step =
    /\[\s*(\d{1,10}(?:\s*,\s*\d{1,10})*)\s*\]|(\.?)(?:("(?:[^"\\]|\\.)*")|([^.[\]"\s]+))/sy
  while (step.lastIndex < text.length) {
    const at = step.lastIndex
    const match = step.exec(text)
    if (match === null) throw wrong(`cannot be read at ${show(text.slice(at))}; ${rightForm}`)
    const [, indexes, dot, quoted, plain] = match
    if (indexes !== undefined) path.push(...indexes.split(',').map(Number))
    else {
      if ((dot === '.') !== path.length > 0) {
        throw wrong(`cannot be read at ${show(text.slice(at))}; ${rightForm}`)
      }
      path.push(quoted === undefined ? (plain ?? '') : unquote(quoted))
    }
  }
  if (path.length === 0) throw wrong(`names no member; ${rightForm}`)
  if (path.length > deepest) throw wrong(`has more than ${deepest} steps`)
  return path
}

function unquote(quoted: string): string {
  try {
    return JSON.parse(quoted) as string
  } catch {
    throw wrong(`has a name that is no JSON text: ${show(quoted)}`)
  }
}

/** The text of a path; `parseMemberPath` gives the same path again. */
export function formatMemberPath(path: MemberPath): string {
  return path
    .map((step, at) => {
      if (typeof step === 'number') return `[${step}]`
      const name = /^[^.[\]"\s]+$/.test(step) ? step : JSON.stringify(step)
      return at === 0 ? name : `.${name}`
    })
    .join('')
}

const wrong = (message: string) => new MapperError('invalid_config', message)
const show = (text: string) => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)
