/** An exact decimal number: `digits` × 10^`exponent`. */
export interface Decimal {
  readonly digits: bigint
  readonly exponent: number
}

/** Longer numerals are refused before anything is computed with them. */
const longestNumeral = 512

/** The decimal that the shortest text of a finite number shows: 0.1 is one tenth, not its binary neighbour. */
export function decimalOf(value: number | bigint): Decimal {
  if (typeof value === 'bigint') return { digits: value, exponent: 0 }
  if (Number.isSafeInteger(value)) return { digits: BigInt(value), exponent: 0 }
  const [mantissa = '', exponent = '0'] = String(value).split('e')
  const [whole = '', fraction = ''] = mantissa.split('.')
  return { digits: BigInt(whole + fraction), exponent: Number(exponent) - fraction.length }
}

/** Strictly a plain numeral: ASCII digits, an optional sign, one optional point; no exponent, no spaces. */
export function parseDecimal(text: string): Decimal | undefined {
  if (text.length > longestNumeral) return undefined
  const match = /^([+-]?)(?:(\d+)(?:\.(\d*))?|\.(\d+))$/.exec(text)
  if (match === null) return undefined
  const [, sign, whole = '', fraction = match[4] ?? ''] = match
  const digits = BigInt(whole + fraction)
  return { digits: sign === '-' ? -digits : digits, exponent: -fraction.length }
}

export function multiply(a: Decimal, b: Decimal): Decimal {
  return { digits: a.digits * b.digits, exponent: a.exponent + b.exponent }
}

export function add(a: Decimal, b: Decimal): Decimal {
  const exponent = Math.min(a.exponent, b.exponent)
  return { digits: digitsAt(a, exponent) + digitsAt(b, exponent), exponent }
}

export function negate({ digits, exponent }: Decimal): Decimal {
  return { digits: -digits, exponent }
}

export function magnitude({ digits, exponent }: Decimal): Decimal {
  return { digits: digits < 0n ? -digits : digits, exponent }
}

/** Negative, zero or positive, as a is below, equal to or above b. */
export function compare(a: Decimal, b: Decimal): number {
  const exponent = Math.min(a.exponent, b.exponent)
  const difference = digitsAt(a, exponent) - digitsAt(b, exponent)
  return difference === 0n ? 0 : difference < 0n ? -1 : 1
}

/** At most `decimals` places after the point; a tie goes to the even neighbour. */
export function roundHalfEven(value: Decimal, decimals: number): Decimal {
  const excess = -decimals - value.exponent
  if (excess <= 0) return value
  return { digits: divideHalfEven(value.digits, 10n ** BigInt(excess)), exponent: -decimals }
}

/** The nearest integer to a fraction; a tie goes to the even one. */
export function divideHalfEven(numerator: bigint, denominator: bigint): bigint {
  if (denominator < 0n) return divideHalfEven(-numerator, -denominator)
  const quotient = numerator / denominator
  const rest = numerator % denominator
  const twice = 2n * (rest < 0n ? -rest : rest)
  const up = twice > denominator || (twice === denominator && quotient % 2n !== 0n)
  return up ? quotient + (numerator < 0n ? -1n : 1n) : quotient
}

/** The double nearest to a fraction. */
export function divideToNumber(numerator: bigint, denominator: bigint): number {
  if (denominator < 0n) return divideToNumber(-numerator, -denominator)
  if (numerator < 0n) return -divideToNumber(-numerator, denominator)
  const shift = Math.max(0, bitsOf(denominator) - bitsOf(numerator) + 68)
  const shifted = numerator << BigInt(shift)
  const quotient = shifted / denominator
  // A last bit says that something follows, so that the rounding to a double sees no false tie.
  const sticky = shifted % denominator === 0n ? 0n : 1n
  const half = Math.floor(shift / 2)
  return Number(quotient | sticky) / 2 ** half / 2 ** (shift - half)
}

const bitsOf = (value: bigint) => value.toString(16).length * 4

/** The integer that a decimal is, or undefined if it has a fraction. */
export function integerOf({ digits, exponent }: Decimal): bigint | undefined {
  if (exponent >= 0) return digits * 10n ** BigInt(exponent)
  const unit = 10n ** BigInt(-exponent)
  return digits % unit === 0n ? digits / unit : undefined
}

/** An integer as values carry it: a number as long as that is exact. */
export function integerValue(integer: bigint): number | bigint {
  const number = Number(integer)
  return Number.isSafeInteger(number) ? number : integer
}

/** The double nearest to a decimal; never −0. */
export function toNumber({ digits, exponent }: Decimal): number {
  return Number(`${digits}e${exponent}`) + 0
}

/** Plain digits without an exponent and without needless zeros. */
export function toText({ digits, exponent }: Decimal): string {
  if (exponent >= 0) return String(digits * 10n ** BigInt(exponent))
  const sign = digits < 0n ? '-' : ''
  const text = String(digits < 0n ? -digits : digits).padStart(1 - exponent, '0')
  const fraction = text.slice(exponent).replace(/0+$/, '')
  const whole = text.slice(0, exponent)
  return fraction === '' ? signed(sign, whole) : `${sign}${whole}.${fraction}`
}

/** A finite double in its shortest form that reads back the same, never with an exponent; −0 is "0". */
export function plainDecimal(value: number): string {
  const text = String(value)
  return text.includes('e') ? toText(decimalOf(value)) : text
}

/**
 * As `plainDecimal`, but a number that a float32 holds exactly is written as shortly as a float32
 * needs: 0.10000000149011612 is "0.1". Integers keep all their digits.
 */
export function float32Text(value: number): string {
  if (Number.isSafeInteger(value) || Math.fround(value) !== value) return plainDecimal(value)
  const size = Math.abs(value)
  // The usual sizes, quickly: up to 1e12 a float32 times a power of ten is exact.
  for (let scale = 10; size >= 1e-3 && size < 1e7 && scale <= 1e12; scale *= 10) {
    const shorter = Math.round(size * scale) / scale
    if (Math.fround(shorter) === size) return String(value < 0 ? -shorter : shorter)
  }
  for (let precision = 1; precision <= 9; precision++) {
    const shorter = Number(value.toPrecision(precision))
    if (Math.fround(shorter) === value) return plainDecimal(shorter)
  }
  return plainDecimal(value)
}

const signed = (sign: string, whole: string) => (whole === '0' ? whole : sign + whole)

const digitsAt = ({ digits, exponent }: Decimal, wanted: number) =>
  digits * 10n ** BigInt(exponent - wanted)
