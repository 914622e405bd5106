import { plainDecimal } from './decimal.ts'
import type { JsonType } from './shape.ts'

type Scalar = string | number | bigint | boolean | null

/**
 * A scalar of a configuration as the type that is wanted, where that is safe: people quote numbers,
 * and EdgeCore delivers all of them as floats. What does not fit stays as it is, for the check to refuse.
 */
export function coerce(value: Scalar, types: ReadonlySet<JsonType>): Scalar {
  const wantsNumber = types.has('number') || types.has('integer')
  if (typeof value === 'bigint') {
    if (Number.isSafeInteger(Number(value))) return coerce(Number(value), types)
    return types.has('string') ? String(value) : value
  }
  if (types.size === 0 || value === null) return value
  if (typeof value === 'string') {
    if (types.has('string')) return value
    const number = wantsNumber ? numberIn(value) : undefined
    if (number !== undefined) return number
    return (types.has('boolean') ? words.get(value.toLowerCase()) : undefined) ?? value
  }
  if (typeof value === 'number') {
    if (wantsNumber || !Number.isFinite(value)) return value
    if (types.has('boolean') && (value === 0 || value === 1)) return value === 1
    return types.has('string') ? plainDecimal(value) : value
  }
  return !types.has('boolean') && types.has('string') ? String(value) : value
}

/** What no schema can say about a scalar, or undefined if there is nothing to say. */
export function describeWrong(value: Scalar, types: ReadonlySet<JsonType>): string | undefined {
  if (value === null && types.size > 0 && !types.has('null')) {
    return 'is null; give it a value or leave it out'
  }
  if (typeof value === 'bigint') {
    return `is ${value}, beyond the integers that are exact (±${Number.MAX_SAFE_INTEGER})`
  }
  if (typeof value === 'number' && !Number.isFinite(value)) {
    return `is ${value}, but must be a finite number`
  }
  return undefined
}

/** An integer that a double cannot hold exactly is no number here: the check would see another one. */
function numberIn(text: string): number | undefined {
  if (text.length > 400 || !/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) return undefined
  const number = Number(text)
  const isExact = !/^[+-]?\d+$/.test(text) || Number.isSafeInteger(number)
  return Number.isFinite(number) && isExact ? number : undefined
}

const words: ReadonlyMap<string, boolean> = new Map([
  ...['true', 'yes', 'on', '1'].map((word) => [word, true] as const),
  ...['false', 'no', 'off', '0'].map((word) => [word, false] as const),
])
