import { MapperError, type Value } from '@mapper-sdk/core'
import { parseBytes } from '../text/bytes-text.ts'
import { compileFormat, type Format } from './format.ts'

/** Bytes with places for values. */
export interface Template {
  /** The placeholders, each once, in the order of their first place. */
  readonly names: readonly string[]
  /**
   * Throws a MapperError `bad_data` that names the placeholder: its value is missing, does not fit, or
   * could break out of the frame. Nothing is ever cut, rounded or wrapped.
   */
  render(values: Values): Uint8Array
}

/** Values of placeholders, by name. */
export type Values = Readonly<Record<string, Value>>

export interface TemplateOptions {
  /**
   * Bytes that no text value may have, as delimiters are; default: none. Control characters and what is
   * not ASCII are always refused.
   */
  readonly reserved?: Uint8Array
}

const longest = 2048
const mostPlaceholders = 64

type Part = Uint8Array | { readonly name: string; readonly format: Format }

/**
 * Compiles a text in the form of `parseBytes`, with placeholders: `S{address:02d}<CR>`, `hex:01
 * {address:u8} 03`. `{{` and `}}` are braces. `names` are those that have values. Throws a MapperError
 * `invalid_config` that says what is wrong.
 */
export function compileTemplate(
  text: string,
  names: Iterable<string>,
  options: TemplateOptions = {},
): Template {
  if (text.length > longest) throw wrong(text, `is longer than ${longest} characters`)
  const known = new Set(names)
  const reserved = new Set(options.reserved)
  const used = new Set<string>()
  const parts = split(text).map((piece): Part => {
    if ('literal' in piece) return parseBytes(piece.literal)
    const { name, format } = piece
    if (!known.has(name)) {
      const list = known.size === 0 ? 'there is none' : `known are ${[...known].join(', ')}`
      throw wrong(text, `has {${name}}, which is not known; ${list}`)
    }
    used.add(name)
    try {
      return { name, format: compileFormat(format, reserved) }
    } catch (thrown) {
      throw wrong(text, `{${name}} ${MapperError.from(thrown).detail}`)
    }
  })
  return {
    names: [...used],
    render: (values) =>
      concat(parts.map((part) => (part instanceof Uint8Array ? part : bytesOf(part, values)))),
  }
}

function bytesOf({ name, format }: Exclude<Part, Uint8Array>, values: Values): Uint8Array {
  const value = Object.hasOwn(values, name) ? values[name] : undefined
  if (value === undefined) throw new MapperError('bad_data', `{${name}} has no value`)
  try {
    return format(value)
  } catch (thrown) {
    const { code, detail } = MapperError.from(thrown)
    throw new MapperError(code, `{${name}} ${detail}`, { cause: thrown })
  }
}

export type Piece =
  { readonly literal: string } | { readonly name: string; readonly format: string }

/** Literal texts, each to be read alone, and placeholders. */
export function split(text: string): readonly Piece[] {
  const isHex = text.startsWith('hex:')
  const pieces: Piece[] = []
  let literal = ''
  const flush = () => {
    // A text that only begins like hexadecimal after a placeholder is none.
    const safe = !isHex && literal.startsWith('hex:') && pieces.length > 0
    if (literal !== '') pieces.push({ literal: safe ? `\\x68${literal.slice(1)}` : literal })
    literal = isHex ? 'hex:' : ''
  }
  let placeholders = 0
  for (let at = 0; at < text.length;) {
    const character = text[at] ?? ''
    if ((character === '{' || character === '}') && text[at + 1] === character) {
      literal += character
      at += 2
    } else if (character === '}') {
      throw wrong(text, `has } at character ${at + 1}; write }} for a brace`)
    } else if (character === '{') {
      const [whole, name, format] = placeholderAt(text, at)
      if (++placeholders > mostPlaceholders) {
        throw wrong(text, `has more than ${mostPlaceholders} placeholders`)
      }
      flush()
      pieces.push({ name, format })
      at += whole.length
    } else {
      const length = character === '\\' ? 2 : 1
      literal += text.slice(at, at + length)
      at += length
    }
  }
  flush()
  return pieces
}

const placeholder = /\{([A-Za-z_][A-Za-z0-9_]{0,63})(?::([^{}]{0,16}))?\}/y

function placeholderAt(text: string, at: number): readonly [string, string, string] {
  placeholder.lastIndex = at
  const found = placeholder.exec(text)
  if (found !== null) return [found[0], found[1] ?? '', found[2] ?? '']
  throw wrong(
    text,
    `has { at character ${at + 1} without a placeholder such as {address} or {value:05d}; write {{ for a brace`,
  )
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

const wrong = (text: string, why: string) =>
  new MapperError('invalid_config', `${JSON.stringify(text.slice(0, 60))} ${why}`)
