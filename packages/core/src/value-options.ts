import { Type, type Static } from './schema.ts'
import {
  add,
  compare,
  decimalOf,
  divideHalfEven,
  divideToNumber,
  integerOf,
  integerValue,
  magnitude,
  multiply,
  negate,
  parseDecimal,
  roundHalfEven,
  toNumber,
  toText,
  type Decimal,
} from './decimal.ts'
import type { Value } from './driver.ts'
import { MapperError } from './errors.ts'
import { label, parseMap, unlabel, type ValueMap } from './value-map.ts'

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
  readonly map?: ValueMap
  readonly deadband?: number
  readonly deadbandPercent?: number
  readonly desiredPolicy: 'onChange' | 'reassert' | 'once'
}

const plainOptions: ValueOptions = Object.freeze({ desiredPolicy: 'onChange' })

/** The options of a visitor that passed the schema. Throws `invalid_config` if the map makes no sense. */
export function readValueOptions(checked: Static<typeof valueOptionsSchema>): ValueOptions {
  const { map, desiredPolicy = 'onChange', ...numbers } = checked
  const { deadband = 0, deadbandPercent = 0 } = numbers
  const isPlain =
    map === undefined && !isScaling(checked) && deadband === 0 && deadbandPercent === 0
  // One object for all: what nearly every property has is then always at hand for the processor.
  if (isPlain && desiredPolicy === 'onChange') return plainOptions
  const options = { ...numbers, desiredPolicy }
  return map === undefined ? options : { ...options, map: parseMap(map) }
}

/**
 * Device → twin: value × scale + offset, then decimals, then map. Computed in decimal, so 3 × 0.1 is 0.3.
 * An integer stays exact as long as scale and offset are integers; else the result is the nearest double.
 * Booleans are not scaled. A value that the map does not list stays as it is.
 * Throws `bad_data` if there is something to compute and the value is no finite number.
 */
export function applyOptions(value: Value, options: ValueOptions): Value {
  if (options === plainOptions) return value
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

const isScaling = ({
  scale = 1,
  offset = 0,
  decimals,
}: Pick<ValueOptions, 'scale' | 'offset' | 'decimals'>) =>
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
  const result = divideToNumber(numerator, denominator) + 0
  if (Number.isFinite(result)) return result
  throw bad(`${toText(wanted)} is too large to be unscaled`)
}

function numberOf(value: Exclude<Value, boolean>): Decimal {
  if (typeof value === 'bigint') return decimalOf(value)
  if (typeof value === 'number' && Number.isFinite(value)) return decimalOf(value)
  const decimal = typeof value === 'string' ? parseDecimal(value) : undefined
  if (decimal !== undefined) return decimal
  throw bad(`${describe(value)} is not a finite number, so it cannot be scaled or rounded`)
}

const isExactInteger = (value: Value) =>
  typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value))

const absolute = (value: bigint) => (value < 0n ? -value : value)

const describe = (value: Value) =>
  value instanceof Uint8Array ? 'a value of bytes' : JSON.stringify(String(value).slice(0, 60))

const bad = (detail: string) => new MapperError('bad_data', detail)
