import {
  MapperError,
  decimalNumber,
  decimalOf,
  decimalText,
  integerOf,
  parseDecimal,
  type Decimal,
  type Value,
} from '@mapper-sdk/core'
import { floatBytes, integerBytes, isFloat, isNumberType, numberTypes } from './number-bytes.ts'

/** The bytes of a value. Throws a MapperError `bad_data` whose text follows the name of the placeholder. */
export type Format = (value: Value) => Uint8Array

const longestText = 1024
const widest = 64

/**
 * What may follow the colon of a placeholder; nothing: a text as it is, a number in plain digits.
 *
 * - `d`, `5d`, `05d`, `+05d`: a whole number of exactly so many characters, filled up with spaces or zeros;
 * - `.2f`, `8.2f`, `+08.2f`: a number with exactly so many decimals;
 * - `x4`, `X4`, `x`: hexadecimal digits, small or capital;
 * - `<10`, `>10`: a text filled up with spaces on its right or on its left;
 * - `u8`, `i16be`, `f32le` …: bytes;
 * - `bcd4`, `bcd4le`: so many decimal digits, two in a byte.
 *
 * `reserved` are bytes that a text may not have. Throws a MapperError `invalid_config`.
 */
export function compileFormat(text: string, reserved: ReadonlySet<number>): Format {
  if (text === '') return (value) => plain(value, reserved)
  if (isNumberType(text)) {
    return isFloat(text)
      ? (value) => floatBytes(decimalNumber(decimalIn(value)), text)
      : (value) => integerBytes(integerIn(value), text)
  }
  const [, sign, zero, width, places, kind] =
    /^(\+?)(0?)([1-9]\d?)?(?:\.(\d{1,2}))?([df])$/.exec(text) ?? []
  const isDecimal = kind === 'd' ? places === undefined : kind === 'f' && Number(places) <= 15
  if (isDecimal && fits(width) && (zero === '' || width !== undefined)) {
    const style = { plus: sign === '+', zero: zero === '0', width: Number(width ?? 0) }
    return (value) => ascii(digits(decimalIn(value), Number(places ?? 0), style))
  }
  const [, letter, hexWidth] = /^([xX])([1-9]\d?)?$/.exec(text) ?? []
  if (letter !== undefined && fits(hexWidth)) {
    return (value) => ascii(hexadecimal(integerIn(value), Number(hexWidth ?? 0), letter === 'X'))
  }
  const [, side, room] = /^([<>])([1-9]\d?)$/.exec(text) ?? []
  if (side !== undefined && fits(room)) {
    return (value) => {
      const bytes = plain(value, reserved)
      const free = Number(room) - bytes.length
      if (free < 0) throw bad(`has ${bytes.length} characters, more than ${room}`)
      const spaces = ascii(' '.repeat(free))
      return Uint8Array.from(side === '<' ? [...bytes, ...spaces] : [...spaces, ...bytes])
    }
  }
  const [, count, order] = /^bcd([1-9]\d?)(le)?$/.exec(text) ?? []
  if (fits(count) && count !== undefined && Number(count) % 2 === 0) {
    return (value) => bcd(integerIn(value), Number(count), order === 'le')
  }
  throw new MapperError(
    'invalid_config',
    `has the format ${JSON.stringify(text.slice(0, 20))}; known are 05d, .2f, x4, X4, <10, >10, bcd4, bcd4le, ${numberTypes.slice(0, 4).join(', ')} … f64le`,
  )
}

const fits = (width: string | undefined) => width === undefined || Number(width) <= widest

interface Style {
  readonly plus: boolean
  readonly zero: boolean
  readonly width: number
}

function digits(value: Decimal, places: number, { plus, zero, width }: Style): string {
  const whole = integerOf({ digits: value.digits, exponent: value.exponent + places })
  if (whole === undefined) {
    const most = places === 0 ? 'no whole number' : `more than ${places} decimals`
    throw bad(`is ${decimalText(value)}, which ${places === 0 ? 'is' : 'has'} ${most}`)
  }
  const bare = String(whole < 0n ? -whole : whole).padStart(places + 1, '0')
  const split = bare.length - places
  const number = places === 0 ? bare : `${bare.slice(0, split)}.${bare.slice(split)}`
  const sign = whole < 0n ? '-' : plus ? '+' : ''
  const text = sign + (zero ? number.padStart(width - sign.length, '0') : number)
  if (width > 0 && text.length > width) {
    throw bad(`is ${decimalText(value)}, which needs more than ${width} characters`)
  }
  return text.padStart(width)
}

function hexadecimal(value: bigint, width: number, capital: boolean): string {
  if (value < 0n) throw bad(`is ${value}; only 0 and more are written in hexadecimal`)
  const text = value.toString(16).padStart(width, '0')
  if (width > 0 && text.length > width) throw bad(`is ${value}, more than ${width} digits hold`)
  return capital ? text.toUpperCase() : text
}

function bcd(value: bigint, count: number, little: boolean): Uint8Array {
  const text = String(value).padStart(count, '0')
  if (value < 0n || text.length > count) {
    throw bad(`is ${value}, but bcd${count} holds 0 to ${'9'.repeat(count)}`)
  }
  const bytes = (text.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16))
  return Uint8Array.from(little ? bytes.reverse() : bytes)
}

/** A text as it is, as long as it cannot end a frame or start another command. */
function plain(value: Value, reserved: ReadonlySet<number>): Uint8Array {
  if (value instanceof Uint8Array) throw bad('is bytes, which no template can hold')
  if (typeof value === 'boolean') return ascii(value ? '1' : '0')
  if (typeof value !== 'string') return ascii(decimalText(decimalIn(value)))
  if (value.length > longestText) throw bad(`has more than ${longestText} characters`)
  for (const character of value) {
    const code = character.codePointAt(0) ?? 0
    if (code >= 0x20 && code < 0x7f && !reserved.has(code)) continue
    const why = code > 0x7e ? 'is no printable ASCII' : 'could end the frame or the command'
    throw bad(`has ${JSON.stringify(character)}, which ${why}`)
  }
  return ascii(value)
}

/** Longer numbers are refused before anything is computed with them. */
const mostDigits = 400

function decimalIn(value: Value): Decimal {
  const number = typeof value === 'boolean' ? Number(value) : value
  const isFinite = typeof number === 'bigint' || Number.isFinite(number)
  const decimal =
    typeof number === 'string'
      ? parseDecimal(number)
      : isFinite && !(number instanceof Uint8Array)
        ? decimalOf(number)
        : undefined
  if (decimal === undefined) {
    const shown =
      number instanceof Uint8Array ? 'bytes' : JSON.stringify(String(number).slice(0, 40))
    throw bad(`is ${shown}, which is no finite number`)
  }
  if (String(decimal.digits).length > mostDigits) throw bad('has too many digits')
  return decimal
}

function integerIn(value: Value): bigint {
  const decimal = decimalIn(value)
  const integer = integerOf(decimal)
  if (integer === undefined) throw bad(`is ${decimalText(decimal)}, which is no whole number`)
  return integer
}

const ascii = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0))
const bad = (detail: string) => new MapperError('bad_data', detail)
