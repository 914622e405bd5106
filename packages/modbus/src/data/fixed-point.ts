import {
  decimalNumber,
  decimalOf,
  decimalText,
  integerOf,
  integerValue,
  parseDecimal,
  type Decimal,
  type Value,
} from '@mapper-sdk/core'
import { refusal } from './refusal.ts'

/** An integer × 10^exponent: a number if there is one of exactly these digits, else the digits as a text. */
export function timesPowerOfTen(integer: number | bigint, exponent: number): Value {
  const exact = { digits: BigInt(integer), exponent }
  const whole = integerOf(exact)
  if (whole !== undefined) return integerValue(whole)
  const number = decimalNumber(exact)
  return decimalText(decimalOf(number)) === decimalText(exact) ? number : decimalText(exact)
}

/** The integer that times 10^exponent is the value. Throws `bad_data` if there is none. */
export function byPowerOfTen(value: Value, exponent: number): number | bigint {
  const { digits, exponent: own } = decimalIn(value)
  const integer = integerOf({ digits, exponent: own - exponent })
  if (integer !== undefined) return integerValue(integer)
  throw refusal(value, `the device counts in steps of ${decimalText({ digits: 1n, exponent })}`)
}

/** An integer ÷ 2^bits: a number if one is exactly that, else its digits as a text. */
export function byPowerOfTwo(integer: number | bigint, bits: number): Value {
  // Dividing by a power of two changes the exponent of a double and nothing else.
  if (typeof integer === 'number') return integer / 2 ** bits
  const digits = integer * 5n ** BigInt(bits)
  const whole = integerOf({ digits, exponent: -bits })
  if (whole !== undefined) return integerValue(whole)
  if (BigInt(Number(integer)) === integer) return Number(integer) / 2 ** bits
  return decimalText({ digits, exponent: -bits })
}

/** The integer that ÷ 2^bits is the value. Throws `bad_data` if there is none. */
export function timesPowerOfTwo(value: Value, bits: number): number | bigint {
  const integer =
    typeof value === 'number' && Number.isFinite(value) && !Number.isInteger(value)
      ? integerIn(value * 2 ** bits)
      : scaled(value, bits)
  if (integer !== undefined) return integerValue(integer)
  const step = decimalText({ digits: 5n ** BigInt(bits), exponent: -bits })
  throw refusal(value, `the device counts in steps of ${step}`)
}

const integerIn = (number: number) => (Number.isInteger(number) ? BigInt(number) : undefined)

function scaled(value: Value, bits: number): bigint | undefined {
  const { digits, exponent } = decimalIn(value)
  return integerOf({ digits: digits << BigInt(bits), exponent })
}

/** Throws `bad_data` if the value is no finite number, or an integer that is not exact. */
function decimalIn(value: Value): Decimal {
  if (typeof value === 'bigint') return decimalOf(value)
  if (typeof value === 'number' && Number.isFinite(value)) {
    if (!Number.isInteger(value) || Number.isSafeInteger(value)) return decimalOf(value)
    throw refusal(value, 'not a whole number that is exact')
  }
  const decimal = typeof value === 'string' ? parseDecimal(value) : undefined
  if (decimal !== undefined) return decimal
  throw refusal(value, 'not a finite number')
}
