import { MapperError, type Value } from '@mapper-sdk/core'

/** Why a value is not written. */
export function refusal(value: Value, why: string): MapperError {
  const shown =
    value instanceof Uint8Array ? 'the bytes' : JSON.stringify(String(value)).slice(0, 80)
  return new MapperError('bad_data', `${shown} cannot be written: ${why}`)
}

/** 0 or 1 for a number, a boolean as it is: what a single bit may be set to. Throws `bad_data`. */
export function toBit(value: Value): boolean {
  if (typeof value === 'boolean') return value
  if (value === 1 || value === 1n) return true
  if (value === 0 || value === 0n) return false
  throw refusal(value, 'a bit is true or false, 1 or 0')
}

/** Throws `bad_data` if the value is no whole number that is exact. */
export function toInteger(value: Value): bigint {
  if (typeof value === 'bigint') return value
  if (typeof value === 'boolean') return value ? 1n : 0n
  if (typeof value !== 'number') throw refusal(value, 'not a number')
  // Beyond 2^53 a number is no longer known to be the integer that was meant.
  if (!Number.isSafeInteger(value)) throw refusal(value, 'not a whole number that is exact')
  return BigInt(value)
}

/** Throws `bad_data` if the value is no finite number. */
export function toFloat(value: Value): number {
  const number = typeof value === 'bigint' ? Number(value) : value
  if (typeof number !== 'number') throw refusal(value, 'not a number')
  if (!Number.isFinite(number)) throw refusal(value, 'not a finite number')
  return number
}
