import {
  MapperError,
  decimalOf,
  divideToNumber,
  integerValue,
  type Decimal,
} from '@mapper-sdk/core'

/** An exact number: `top` / `bottom`, the bottom above zero. */
export interface Fraction {
  readonly top: bigint
  readonly bottom: bigint
}

/**
 * An exact number as well. Doubles compute many times as fast as bigints do, and exactly so as long as all
 * that comes out is a safe integer; where it is not, bigints take over.
 */
export type Ratio = SmallRatio | Fraction

interface SmallRatio {
  readonly top: number
  readonly bottom: number
}

/** Bits of a number on the way to a result; no measured value comes near. */
const mostBits = 16_384
const limit = 1n << BigInt(mostBits)

const bounded = (top: bigint, bottom: bigint): Fraction => {
  if (top < limit && top > -limit && bottom < limit) return { top, bottom }
  throw new MapperError('bad_data', 'is too large to be computed with')
}

const isSmall = (ratio: Ratio): ratio is SmallRatio => typeof ratio.top === 'number'

/** Undefined if a double may not have computed it exactly. */
const small = (top: number, bottom: number): SmallRatio | undefined =>
  top <= Number.MAX_SAFE_INTEGER &&
  top >= Number.MIN_SAFE_INTEGER &&
  bottom <= Number.MAX_SAFE_INTEGER
    ? { top, bottom }
    : undefined

/** The same number as bigints. */
export const fractionFrom = (ratio: Ratio): Fraction =>
  isSmall(ratio) ? { top: BigInt(ratio.top), bottom: BigInt(ratio.bottom) } : ratio

export const fractionOf = ({ digits, exponent }: Decimal): Ratio => {
  if (Math.abs(exponent) > 4096) throw new MapperError('bad_data', 'has too large an exponent')
  const power = 10n ** BigInt(Math.abs(exponent))
  const { top, bottom } = exponent >= 0 ? bounded(digits * power, 1n) : bounded(digits, power)
  return small(Number(top), Number(bottom)) ?? { top, bottom }
}

const mostDigits = 15
const tens = Array.from({ length: mostDigits + 1 }, (_, power) => 10 ** power)

/**
 * The number that a plain numeral of few digits shows, as `parseDecimal` reads it; undefined: another way
 * has to tell whether the text is one.
 */
export function shortRatio(text: string): Ratio | undefined {
  const sign = text.charCodeAt(0)
  const from = sign === 0x2d || sign === 0x2b ? 1 : 0
  let top = 0
  let point = -1
  for (let at = from; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 0x30
    if (digit >= 0 && digit <= 9) top = top * 10 + digit
    else if (digit === -2 && point === -1) point = at
    else return undefined
  }
  const digits = text.length - from - (point === -1 ? 0 : 1)
  const bottom = tens[point === -1 ? 0 : text.length - point - 1]
  if (digits < 1 || digits > mostDigits || bottom === undefined) return undefined
  return { top: sign === 0x2d ? -top : top, bottom }
}

/** The decimal that the shortest text of a finite number shows. */
export function ratioOf(value: number | bigint): Ratio {
  if (typeof value === 'bigint') return small(Number(value), 1) ?? { top: value, bottom: 1n }
  return Number.isSafeInteger(value) ? { top: value, bottom: 1 } : fractionOf(decimalOf(value))
}

export function plus(a: Ratio, b: Ratio): Ratio {
  if (isSmall(a) && isSmall(b)) {
    if (a.bottom === b.bottom) {
      const sum = small(a.top + b.top, a.bottom)
      if (sum !== undefined) return sum
    } else {
      const left = a.top * b.bottom
      const right = b.top * a.bottom
      const sum = small(left, 1) && small(right, 1) && small(left + right, a.bottom * b.bottom)
      if (sum !== undefined) return sum
    }
  }
  const x = fractionFrom(a)
  const y = fractionFrom(b)
  return x.bottom === y.bottom
    ? bounded(x.top + y.top, x.bottom)
    : bounded(x.top * y.bottom + y.top * x.bottom, x.bottom * y.bottom)
}

export function times(a: Ratio, b: Ratio): Ratio {
  const product = isSmall(a) && isSmall(b) ? small(a.top * b.top, a.bottom * b.bottom) : undefined
  if (product !== undefined) return product
  const x = fractionFrom(a)
  const y = fractionFrom(b)
  return bounded(x.top * y.top, x.bottom * y.bottom)
}

const minusOne: Ratio = { top: -1, bottom: 1 }

export const negated = (ratio: Ratio): Ratio => times(ratio, minusOne)

export function over(a: Ratio, b: Ratio): Ratio {
  if (Number(b.top) === 0) throw new MapperError('bad_data', 'would be divided by zero')
  if (isSmall(a) && isSmall(b)) {
    const sign = b.top < 0 ? -1 : 1
    const quotient = small(sign * a.top * b.bottom, sign * a.bottom * b.top)
    if (quotient !== undefined) return quotient
  }
  const x = fractionFrom(a)
  const y = fractionFrom(b)
  const sign = y.top < 0n ? -1n : 1n
  return bounded(sign * x.top * y.bottom, sign * x.bottom * y.top)
}

export function isLess(a: Ratio, b: Ratio): boolean {
  if (isSmall(a) && isSmall(b)) {
    const left = a.top * b.bottom
    const right = b.top * a.bottom
    if (small(left, 1) && small(right, 1)) return left < right
  }
  const x = fractionFrom(a)
  const y = fractionFrom(b)
  return x.top * y.bottom < y.top * x.bottom
}

/** The largest whole number that is not above it. */
export function floorOf(ratio: Ratio): Ratio {
  if (isSmall(ratio)) {
    const rest = ratio.top % ratio.bottom
    return { top: (ratio.top - rest) / ratio.bottom - (rest < 0 ? 1 : 0), bottom: 1 }
  }
  const whole = ratio.top / ratio.bottom
  return { top: whole * ratio.bottom > ratio.top ? whole - 1n : whole, bottom: 1n }
}

/** Whether it is a whole number. */
export const isWhole = (ratio: Ratio): boolean =>
  isSmall(ratio) ? ratio.top % ratio.bottom === 0 : ratio.top % ratio.bottom === 0n

/** An integer stays exact; all else is the nearest double. Throws `bad_data` beyond what a double holds. */
export function valueOf(ratio: Ratio): number | bigint {
  // The quotient of two doubles is the double nearest to what it should be. And there is no −0.
  if (isSmall(ratio)) return ratio.top / ratio.bottom + 0
  const { top, bottom } = ratio
  const whole = isWhole(ratio) ? top / bottom : undefined
  if (whole !== undefined && whole < 2n ** 64n && whole >= -(2n ** 63n)) return integerValue(whole)
  const number = divideToNumber(top, bottom) + 0
  if (Number.isFinite(number)) return number
  throw new MapperError('bad_data', 'is larger than any number that can be reported')
}
