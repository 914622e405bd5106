import { Type, type Static } from 'typebox'
import { formatValue, parseValue } from './convert.ts'
import {
  add,
  compare,
  decimalOf,
  divideHalfEven,
  divideToNumber,
  integerOf,
  magnitude,
  multiply,
  negate,
  parseDecimal,
  roundHalfEven,
  toNumber,
  toText,
  type Decimal,
} from './decimal.ts'
import type { PropertyType } from './device.ts'
import type { Value } from './driver.ts'
import { MapperError } from './errors.ts'

/** The words of a visitor that every protocol has: core takes them out before the driver sees the rest. */
export const valueOptionsSchema = Type.Object(
  {
    scale: Type.Optional(
      Type.Number({
        description: 'Twin value = device value × scale + offset. A write goes the other way.',
        default: 1,
        not: { const: 0 },
        examples: [0.1],
      }),
    ),
    offset: Type.Optional(
      Type.Number({ description: 'Added after scaling.', default: 0, examples: [-40] }),
    ),
    decimals: Type.Optional(
      Type.Integer({
        description: 'Round to this many places after the point, ties to the even neighbour.',
        minimum: 0,
        maximum: 15,
        examples: [2],
      }),
    ),
    map: Type.Optional(
      Type.Union([Type.String(), Type.Record(Type.String(), Type.String())], {
        description:
          'Texts for the values of the device, as one text because KubeEdge delivers no nested configuration. A value that is not listed stays a number.',
        examples: ['0=off,1=on,2=auto'],
      }),
    ),
    deadband: Type.Optional(
      Type.Number({
        description: 'A change up to this much, in the unit of the twin, is not reported.',
        default: 0,
        minimum: 0,
        examples: [0.5],
      }),
    ),
    deadbandPercent: Type.Optional(
      Type.Number({
        description:
          'A change up to this many percent of the value reported last is not reported. With deadband, the larger of the two counts.',
        default: 0,
        minimum: 0,
        maximum: 100,
        examples: [1],
      }),
    ),
    desiredPolicy: Type.Optional(
      Type.Union([Type.Literal('onChange'), Type.Literal('reassert'), Type.Literal('once')], {
        description:
          'onChange: a desired value is written when it changes or the device starts with another. reassert: also when the device drifts from it. once: only when it changes, remembered over restarts, for pulses.',
        default: 'onChange',
      }),
    ),
  },
  { additionalProperties: false },
)

export const valueOptionNames: readonly string[] = Object.keys(valueOptionsSchema.properties)

/** The checked value options of a visitor; what is left out does nothing. */
export interface ValueOptions {
  readonly scale?: number
  readonly offset?: number
  readonly decimals?: number
  /** Device value as text → twin text. */
  readonly map?: ReadonlyMap<string, string>
  readonly deadband?: number
  readonly deadbandPercent?: number
  readonly desiredPolicy: 'onChange' | 'reassert' | 'once'
}

/** The options of a visitor that passed the schema. Throws `invalid_config` if the map makes no sense. */
export function readValueOptions(checked: Static<typeof valueOptionsSchema>): ValueOptions {
  const { map, desiredPolicy = 'onChange', ...numbers } = checked
  const options = { ...numbers, desiredPolicy }
  return map === undefined ? options : { ...options, map: readMap(map) }
}

/** Throws `invalid_config` if the map has a text that the property's type does not know. */
export function checkMap({ map }: ValueOptions, type: PropertyType): void {
  for (const text of map?.values() ?? []) {
    if (isOf(type, text)) continue
    throw config(`has the text ${JSON.stringify(text)}, but the property is ${type} in its model`)
  }
}

/**
 * Device → twin: value × scale + offset, then decimals, then map. Computed in decimal, so 3 × 0.1 is 0.3.
 * An integer stays exact as long as scale and offset are integers; else the result is the nearest double.
 * Booleans are not scaled. A value that the map does not list stays as it is.
 * Throws `bad_data` if there is something to compute and the value is no finite number.
 */
export function applyOptions(value: Value, options: ValueOptions): Value {
  const scaled = isScaling(options) ? scaleUp(value, options) : value
  return options.map === undefined ? scaled : label(scaled, options.map)
}

/**
 * Twin → device, the inverse. The result is an integer if it is one, or so near to one (1e-9 of it,
 * 1e-6 at most) that only an inexact scale keeps it away.
 * Throws `bad_data` if no device value would read as this one: more decimals than `decimals`, no
 * number, a text that the map does not list.
 */
export function invertOptions(value: Value, options: ValueOptions): Value {
  const raw = options.map === undefined ? value : unlabel(value, options.map)
  return isScaling(options) ? scaleDown(raw, options) : raw
}

/**
 * Whether a twin text is news, given the one that was reported last. Numbers have to differ by more
 * than the deadband; the larger counts if both are set. Other texts have to differ.
 */
export function isChange(
  previous: string | undefined,
  next: string,
  options: ValueOptions,
): boolean {
  if (previous === next) return false
  const { deadband = 0, deadbandPercent = 0 } = options
  if (previous === undefined || (deadband === 0 && deadbandPercent === 0)) return true
  const before = parseDecimal(previous)
  const after = parseDecimal(next)
  if (before === undefined || after === undefined) return true
  const difference = magnitude(add(after, negate(before)))
  const percent = { digits: 1n, exponent: -2 }
  const relative = multiply(magnitude(before), multiply(decimalOf(deadbandPercent), percent))
  return compare(difference, decimalOf(deadband)) > 0 && compare(difference, relative) > 0
}

const isScaling = ({ scale = 1, offset = 0, decimals }: ValueOptions) =>
  scale !== 1 || offset !== 0 || decimals !== undefined

function scaleUp(value: Value, { scale = 1, offset = 0, decimals }: ValueOptions): Value {
  if (typeof value === 'boolean') return value
  const exact = add(multiply(numberOf(value), decimalOf(scale)), decimalOf(offset))
  const result = decimals === undefined ? exact : roundHalfEven(exact, decimals)
  const integral = Number.isInteger(scale) && Number.isInteger(offset) && isExactInteger(value)
  const integer = integral ? integerOf(result) : undefined
  if (integer === undefined) return toNumber(result)
  return typeof value === 'bigint' ? integer : integerValue(integer)
}

function scaleDown(value: Value, { scale = 1, offset = 0, decimals }: ValueOptions): Value {
  if (typeof value === 'boolean') return value
  const wanted = numberOf(value)
  if (decimals !== undefined && compare(wanted, roundHalfEven(wanted, decimals)) !== 0) {
    throw bad(`${toText(wanted)} has more than ${decimals} decimals and could never be read back`)
  }
  const shifted = add(wanted, negate(decimalOf(offset)))
  const divisor = decimalOf(scale)
  const places = shifted.exponent - divisor.exponent
  const numerator = shifted.digits * 10n ** BigInt(Math.max(0, places))
  const denominator = divisor.digits * 10n ** BigInt(Math.max(0, -places))
  const nearest = divideHalfEven(numerator, denominator)
  const off = absolute(numerator - nearest * denominator)
  const size = absolute(denominator)
  const isNear = off * 1_000_000n <= size && off * 1_000_000_000n <= absolute(nearest) * size
  if (isNear && nearest >= -(2n ** 63n) && nearest < 2n ** 64n) return integerValue(nearest)
  const result = divideToNumber(numerator, denominator)
  if (Number.isFinite(result)) return result
  throw bad(`${toText(wanted)} is too large to be unscaled`)
}

function numberOf(value: Exclude<Value, boolean>): Decimal {
  if (typeof value === 'bigint') return decimalOf(value)
  if (typeof value === 'number' && Number.isFinite(value)) return decimalOf(value)
  const decimal = typeof value === 'string' ? parseDecimal(value) : undefined
  if (decimal !== undefined) return decimal
  throw bad(`${textOf(value)} is not a finite number, so it cannot be scaled or rounded`)
}

const isExactInteger = (value: Value) =>
  typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value))

const integerValue = (integer: bigint): number | bigint =>
  Number.isSafeInteger(Number(integer)) ? Number(integer) : integer

const absolute = (value: bigint) => (value < 0n ? -value : value)

function readMap(map: string | Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  const pairs = typeof map === 'string' ? map.split(',').map(readPair) : Object.entries(map)
  const labels = new Map<string, string>()
  for (const [key, text] of pairs) {
    const number = parseDecimal(key.trim())
    const raw = number === undefined ? key.trim() : toText(number)
    if (labels.has(raw)) throw config(`lists ${JSON.stringify(raw)} twice`)
    labels.set(raw, text.trim())
  }
  return labels
}

function readPair(pair: string): [string, string] {
  const equals = pair.indexOf('=')
  if (equals > 0 && pair.slice(0, equals).trim() !== '') {
    return [pair.slice(0, equals), pair.slice(equals + 1)]
  }
  throw config(
    `has ${JSON.stringify(pair.slice(0, 60))} where "value=text" belongs; write it like "0=off,1=on"`,
  )
}

function label(value: Value, map: ReadonlyMap<string, string>): Value {
  const raw = textOf(value)
  const text = map.get(raw) ?? (typeof value === 'boolean' ? map.get(value ? '1' : '0') : undefined)
  if (text !== undefined) return text
  // A number that is not listed says more than an error does, unless it reads as another's text.
  for (const other of map.values()) {
    if (other === raw) throw bad(`${raw} is not in the map, where another value is called so`)
  }
  return value
}

function unlabel(value: Value, map: ReadonlyMap<string, string>): Value {
  const wanted = textOf(value)
  for (const [raw, text] of map) if (text === wanted) return rawValue(raw)
  if (typeof value === 'boolean') {
    for (const [raw, text] of map)
      if (isOf('BOOLEAN', text) && parseValue(text, 'BOOLEAN') === value) return rawValue(raw)
  }
  const known = [...new Set(map.values())].slice(0, 20).join(', ')
  throw bad(`${JSON.stringify(wanted.slice(0, 60))} is not in the map; it has ${known}`)
}

function isOf(type: PropertyType, text: string): boolean {
  try {
    parseValue(text, type)
    return true
  } catch {
    return false
  }
}

function rawValue(raw: string): Value {
  const number = parseDecimal(raw)
  if (number === undefined) return raw === 'true' || raw === 'false' ? raw === 'true' : raw
  const integer = integerOf(number)
  return integer === undefined ? toNumber(number) : integerValue(integer)
}

const textOf = (value: Value) =>
  typeof value === 'number' && !Number.isFinite(value)
    ? String(value)
    : formatValue(value, 'STRING')

const bad = (detail: string) => new MapperError('bad_data', detail)
const config = (detail: string) => new MapperError('invalid_config', detail)
