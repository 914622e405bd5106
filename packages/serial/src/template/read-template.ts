import { MapperError, decimalOf, decimalText } from '@mapper-sdk/core'
import { latin1 } from '../text/latin1.ts'
import { parseBytes } from '../text/bytes-text.ts'
import { compileSafePattern } from '../text/safe-pattern.ts'
import { isFloat, isNumberType, numberReader, sizeOf } from './number-bytes.ts'
import { split } from './template.ts'

/**
 * What the placeholders were when these bytes were made, as texts; undefined: the bytes are not of the
 * template. What is found may still be made in another way, so whoever relies on it renders it again.
 */
export type TemplateReader = (bytes: Uint8Array) => Readonly<Record<string, string>> | undefined

/** What a placeholder looks like among the bytes, as a regular expression, and how it is read. */
interface Look {
  readonly pattern: string
  read(text: string): string | undefined
}

/**
 * The way back of `compileTemplate`, for a text that it takes. A template with more than a pattern can
 * hold reads nothing.
 */
export function compileTemplateReader(text: string): TemplateReader {
  const looks: (readonly [name: string, look: Look])[] = []
  const source = split(text).map((piece) => {
    if ('literal' in piece) return [...parseBytes(piece.literal)].map(literal).join('')
    const look = lookOf(piece.format)
    looks.push([piece.name, look])
    return `(?<g${looks.length - 1}>${look.pattern})`
  })
  const pattern = attempt(() => compileSafePattern(`^${source.join('')}$`, { dotAll: true }))
  return (bytes) => {
    const groups = attempt(() => pattern?.match(latin1(bytes))?.groups)
    if (groups === undefined) return undefined
    const found: Record<string, string> = {}
    for (const [index, [name, look]] of looks.entries()) {
      const value = look.read(groups[`g${index}`] ?? '')
      if (value === undefined) return undefined
      if (Object.hasOwn(found, name) && found[name] !== value) return undefined
      found[name] = value
    }
    return found
  }
}

const literal = (byte: number) => {
  const character = String.fromCharCode(byte)
  return /[A-Za-z0-9 ]/.test(character) ? character : `\\x{${byte.toString(16)}}`
}

const anyText = '[\\x20-\\x7e]'

function lookOf(format: string): Look {
  if (isNumberType(format)) {
    const readNumber = numberReader(format)
    return {
      pattern: `.{${sizeOf(format)}}`,
      read(text) {
        const number = readNumber(bytesOf(text), 0)
        if (isFloat(format) && !Number.isFinite(number)) return undefined
        return decimalText(decimalOf(number))
      },
    }
  }
  const [, width, places, kind] = /^\+?0?([1-9]\d?)?(?:\.(\d{1,2}))?([df])$/.exec(format) ?? []
  if (kind !== undefined) {
    const decimals =
      places === undefined || Number(places) === 0 ? '' : `\\.[0-9]{${Number(places)}}`
    const pattern = width === undefined ? `[+-]?[0-9]+${decimals}` : `[-+0-9. ]{${width}}`
    return { pattern, read: (text) => plainNumber(text.trim()) }
  }
  const [, hexWidth] = /^[xX]([1-9]\d?)?$/.exec(format) ?? []
  if (/^[xX]/.test(format)) {
    const count = hexWidth === undefined ? '+' : `{${hexWidth}}`
    return { pattern: `[0-9a-fA-F]${count}`, read: (text) => String(BigInt(`0x${text}`)) }
  }
  const [, side, room] = /^([<>])([1-9]\d?)$/.exec(format) ?? []
  if (side !== undefined) {
    const read = (text: string) => (side === '<' ? text.trimEnd() : text.trimStart())
    return { pattern: `${anyText}{${room}}`, read }
  }
  const [, count, order] = /^bcd([1-9]\d?)(le)?$/.exec(format) ?? []
  if (count !== undefined) {
    return {
      pattern: `.{${Number(count) / 2}}`,
      read(text) {
        const bytes = [...bytesOf(text)]
        const pairs = order === 'le' ? bytes.reverse() : bytes
        const digits = pairs.map((byte) => byte.toString(16).padStart(2, '0')).join('')
        return /^\d+$/.test(digits) ? plainNumber(digits) : undefined
      },
    }
  }
  return { pattern: `${anyText}*`, read: (text) => text }
}

/** Without the zeros and the plus that fill it up. */
function plainNumber(text: string): string | undefined {
  const [, sign, whole, rest = ''] = /^([+-]?)0*(\d+)(\.\d+)?$/.exec(text) ?? []
  if (whole === undefined) return undefined
  return `${sign === '-' ? '-' : ''}${whole}${rest}`
}

const bytesOf = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0))

function attempt<T>(call: () => T): T | undefined {
  try {
    return call()
  } catch (thrown) {
    if (thrown instanceof MapperError) return undefined
    throw thrown
  }
}
