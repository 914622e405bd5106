import { MapperError, divideToNumber, integerValue, type Decimal } from '@mapper-sdk/core'

/** An exact number: `top` / `bottom`, the bottom above zero. */
export interface Fraction {
  readonly top: bigint
  readonly bottom: bigint
}

/** Bits of a number on the way to a result; no measured value comes near. */
const mostBits = 16_384
const limit = 1n << BigInt(mostBits)

const bounded = (top: bigint, bottom: bigint): Fraction => {
  if (top < limit && top > -limit && bottom < limit) return { top, bottom }
  throw new MapperError('bad_data', 'is too large to be computed with')
}

export const fractionOf = ({ digits, exponent }: Decimal): Fraction => {
  if (Math.abs(exponent) > 4096) throw new MapperError('bad_data', 'has too large an exponent')
  const power = 10n ** BigInt(Math.abs(exponent))
  return exponent >= 0 ? bounded(digits * power, 1n) : bounded(digits, power)
}

export const plus = (a: Fraction, b: Fraction): Fraction =>
  a.bottom === b.bottom
    ? bounded(a.top + b.top, a.bottom)
    : bounded(a.top * b.bottom + b.top * a.bottom, a.bottom * b.bottom)

export const negated = ({ top, bottom }: Fraction): Fraction => ({ top: -top, bottom })

export const times = (a: Fraction, b: Fraction): Fraction =>
  bounded(a.top * b.top, a.bottom * b.bottom)

export function over(a: Fraction, b: Fraction): Fraction {
  if (b.top === 0n) throw new MapperError('bad_data', 'would be divided by zero')
  const sign = b.top < 0n ? -1n : 1n
  return bounded(sign * a.top * b.bottom, sign * a.bottom * b.top)
}

export const isLess = (a: Fraction, b: Fraction): boolean => a.top * b.bottom < b.top * a.bottom

/** The largest whole number that is not above it. */
export function floorOf({ top, bottom }: Fraction): Fraction {
  const whole = top / bottom
  return { top: whole * bottom > top ? whole - 1n : whole, bottom: 1n }
}

/** The whole number that it is, if it is one. */
export const wholeOf = ({ top, bottom }: Fraction): bigint | undefined =>
  top % bottom === 0n ? top / bottom : undefined

/** An integer stays exact; all else is the nearest double. Throws `bad_data` beyond what a double holds. */
export function valueOf(fraction: Fraction): number | bigint {
  const whole = wholeOf(fraction)
  if (whole !== undefined && whole < 2n ** 64n && whole >= -(2n ** 63n)) return integerValue(whole)
  const number = divideToNumber(fraction.top, fraction.bottom) + 0
  if (Number.isFinite(number)) return number
  throw new MapperError('bad_data', 'is larger than any number that can be reported')
}
