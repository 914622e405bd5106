import type { ModelProperty, PropertyType } from './device.ts'
import { float32Text, integerValue, parseDecimal, plainDecimal, toNumber } from './decimal.ts'
import type { Value } from './driver.ts'
import { MapperError } from './errors.ts'

/** Allowed range of a numeric property, both ends included. */
export interface Limits {
  readonly minimum?: number | bigint
  readonly maximum?: number | bigint
}

/** INT is an int64; unsigned registers of 64 bits fit as well. */
const lowestInt = -(2n ** 63n)
const highestInt = 2n ** 64n - 1n

const longestNumber = 512

/**
 * The twin text of a value, by the type that the device model gives the property. Numbers come in plain
 * decimal and in their shortest form, booleans as `true` or `false`, bytes as lower-case hex.
 * A text stands for the number, boolean or hex that it spells; STRING takes any value.
 * Throws `bad_data` if the value is not one of that type (nothing is rounded), `unsupported` for STREAM.
 */
export function formatValue(value: Value, type: PropertyType): string {
  switch (type) {
    case 'INT':
      return String(integerFrom(value))
    case 'FLOAT':
      return formatReal(value, float32Text)
    case 'DOUBLE':
      return formatReal(value, plainDecimal)
    case 'BOOLEAN':
      return String(booleanFrom(value))
    case 'STRING':
      return formatText(value)
    case 'BYTES':
      if (value instanceof Uint8Array) return hex(value)
      if (typeof value === 'string') return hex(parseHex(value))
      throw bad(`${show(value)} is not bytes`)
    case 'STREAM':
      throw noStream()
  }
}

/**
 * The value that a desired text means. INT: ASCII digits with an optional sign. FLOAT, DOUBLE: plain
 * decimals, also with an exponent. BOOLEAN: true/false, t/f, 1/0, on/off, yes/no in any case.
 * STRING: as it is. BYTES: hex digits, two a byte, also with 0x in front. No spaces anywhere.
 * Throws `bad_data` with a sentence saying what is accepted, `unsupported` for STREAM.
 */
export function parseValue(text: string, type: PropertyType): Value {
  switch (type) {
    case 'INT':
      return integerValue(parseInteger(text))
    case 'FLOAT':
    case 'DOUBLE':
      return parseReal(text)
    case 'BOOLEAN':
      return parseBoolean(text)
    case 'STRING':
      return text
    case 'BYTES':
      return parseHex(text)
    case 'STREAM':
      throw noStream()
  }
}

/** The limits of a model's property. What cannot be understood is no limit, and named in `problem`. */
export function parseLimits(property: ModelProperty): { limits: Limits; problem?: string } {
  const texts = { minimum: property.minimum?.trim(), maximum: property.maximum?.trim() }
  const problems: string[] = []
  const limits: { minimum?: number | bigint; maximum?: number | bigint } = {}
  for (const key of ['minimum', 'maximum'] as const) {
    const text = texts[key]
    if (text === undefined || text === '') continue
    const limit = numberIn(text)
    if (!['INT', 'FLOAT', 'DOUBLE'].includes(property.type)) {
      problems.push(`${key} ${show(text)} has no meaning for ${property.type} and is ignored`)
    } else if (limit === undefined) {
      problems.push(`${key} ${show(text)} is not a number and is ignored; write it like "-20.5"`)
    } else limits[key] = limit
  }
  const { minimum, maximum } = limits
  if (minimum !== undefined && maximum !== undefined && minimum > maximum) {
    const both = `minimum ${numeral(minimum)} is above maximum ${numeral(maximum)}`
    return { limits: {}, problem: `${both}; both are ignored` }
  }
  return problems.length === 0 ? { limits } : { limits, problem: problems.join('; ') }
}

/** Says which limit a value violates: "150.5 is above the maximum 150". Exact, also for bigints. */
export function limitProblem(value: Value, limits: Limits): string | undefined {
  if (limits.minimum === undefined && limits.maximum === undefined) return undefined
  const number = typeof value === 'string' ? numberIn(value) : value
  if (typeof number !== 'number' && typeof number !== 'bigint') return undefined
  const { minimum, maximum } = limits
  if (minimum !== undefined && number < minimum) {
    return `${numeral(number)} is below the minimum ${numeral(minimum)}`
  }
  if (maximum !== undefined && number > maximum) {
    return `${numeral(number)} is above the maximum ${numeral(maximum)}`
  }
  return undefined
}

function integerFrom(value: Value): bigint | number {
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'string') return parseInteger(value)
  if (Number.isSafeInteger(value)) return value as number
  if (typeof value === 'bigint') return int64(value)
  if (typeof value === 'number' && Number.isInteger(value)) return int64(BigInt(value))
  throw bad(`${show(value)} is not an integer`)
}

function parseInteger(text: string): bigint {
  if (text.length > longestNumber || !/^[+-]?\d+$/.test(text)) {
    throw bad(`${show(text)} is not an integer; write digits with an optional sign, such as -42`)
  }
  return int64(text.startsWith('+') ? BigInt(text.slice(1)) : BigInt(text))
}

function int64(value: bigint): bigint {
  if (value >= lowestInt && value <= highestInt) return value
  throw bad(`${show(value)} does not fit in 64 bits; INT goes from ${lowestInt} to ${highestInt}`)
}

function formatReal(value: Value, format: (finite: number) => string): string {
  if (typeof value === 'boolean') return value ? '1' : '0'
  if (typeof value === 'string') return format(parseReal(value))
  if (typeof value === 'number' && Number.isFinite(value)) return format(value)
  if (typeof value === 'bigint') {
    const text = String(value)
    if (text.length <= longestNumber) return text
  }
  throw bad(`${show(value)} is not a finite number`)
}

function parseReal(text: string): number {
  const numeral = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/
  const value = text.length <= longestNumber && numeral.test(text) ? Number(text) : NaN
  // −0 and 0 are one value to whoever wishes it.
  if (Number.isFinite(value)) return value + 0
  throw bad(`${show(text)} is not a finite number; write a decimal such as -21.5 or 1e-3`)
}

const booleans: ReadonlyMap<string, boolean> = new Map([
  ...['true', 't', '1', 'on', 'yes'].map((word) => [word, true] as const),
  ...['false', 'f', '0', 'off', 'no'].map((word) => [word, false] as const),
])

function parseBoolean(text: string): boolean {
  const value = booleans.get(text.toLowerCase())
  if (value !== undefined) return value
  throw bad(`${show(text)} is not a boolean; write true or false (also 1/0, t/f, on/off, yes/no)`)
}

function booleanFrom(value: Value): boolean {
  if (typeof value === 'boolean') return value
  if (typeof value === 'string') return parseBoolean(value)
  if (value === 0 || value === 0n) return false
  if (value === 1 || value === 1n) return true
  throw bad(`${show(value)} is not a boolean; only 0 and 1 stand for false and true`)
}

function formatText(value: Value): string {
  if (typeof value === 'string') return value
  if (value instanceof Uint8Array) return hex(value)
  return typeof value === 'boolean' ? String(value) : formatReal(value, plainDecimal)
}

const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

function hex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += hexOfByte[byte] ?? ''
  return text
}

function parseHex(text: string): Uint8Array {
  const match = /^(?:0[xX])?((?:[0-9a-fA-F]{2})*)$/.exec(text)
  if (match === null)
    throw bad(`${show(text)} is not hex; write two hex digits a byte, such as 0aff`)
  const digits = match[1] ?? ''
  return Uint8Array.from({ length: digits.length / 2 }, (_, index) =>
    Number.parseInt(digits.slice(2 * index, 2 * index + 2), 16),
  )
}

/** A number in a text: exact if it is an integer. */
function numberIn(text: string): number | bigint | undefined {
  if (/^[+-]?\d+$/.test(text) && text.length <= longestNumber) {
    return integerValue(BigInt(text.replace('+', '')))
  }
  const decimal = parseDecimal(text)
  return decimal === undefined ? undefined : toNumber(decimal)
}

const numeral = (value: number | bigint) =>
  typeof value === 'bigint' ? String(value) : plainDecimal(value)

const bad = (detail: string) => new MapperError('bad_data', detail)
const noStream = () =>
  new MapperError('unsupported', 'STREAM properties cannot be reported as twins')

/** A value for a sentence: quoted if it is a text, cut if it is long. */
function show(value: Value): string {
  if (value instanceof Uint8Array) return `a value of ${value.length} bytes`
  const text = typeof value === 'string' ? value : String(value)
  const cut = text.length > 60 ? `${text.slice(0, 60)}…` : text
  return typeof value === 'string' ? JSON.stringify(cut) : cut
}
