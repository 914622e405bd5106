import { MapperError } from '@mapper-sdk/core'

/** Some bits of a number, and how far they are moved down. */
export interface BitRange {
  readonly mask: bigint
  readonly shift: number
}

/** Reads `4-7`, or `4` for a single one, of a number of so many bits. Throws `invalid_config`. */
export function parseBits(text: string, bits: number): BitRange {
  const [, first, second = first] = /^\s*(\d{1,2})\s*(?:-\s*(\d{1,2})\s*)?$/.exec(text) ?? []
  const low = Number(first)
  const high = Number(second)
  if (first === undefined || low > high || high >= bits) {
    throw wrong(
      `is ${show(text)}, but must be lowest-highest of the bits 0 to ${bits - 1}, such as 4-7`,
    )
  }
  return { mask: onesOf(high + 1 - low) << BigInt(low), shift: low }
}

/** Reads a mask for a number of so many bits: a number, digits, or hexadecimal. Throws `invalid_config`. */
export function parseMask(raw: number | string, bits: number): bigint {
  const text = String(raw).trim()
  const mask = /^(\d{1,20}|0x[0-9a-f]{1,16})$/i.test(text) ? BigInt(text) : 0n
  if (mask >= 1n && mask <= onesOf(bits)) return mask
  const most = onesOf(bits).toString(16).toUpperCase()
  throw wrong(
    `is ${show(text)}, but must be from 1 to 0x${most}, as a number or a text such as "0x0FF0"`,
  )
}

/** A mask moved down, or without a mask all bits from `shift` up. Throws `invalid_config`. */
export function parseShift(shift: number, mask: bigint | undefined, bits: number): BitRange {
  if (shift >= bits) throw wrong(`is ${shift}, but there are only ${bits} bits`)
  if (mask !== undefined && (mask & onesOf(shift)) !== 0n) {
    throw wrong(`is ${shift}, which would lose lower bits of the mask; change one of them`)
  }
  return { mask: mask ?? onesOf(bits - shift) << BigInt(shift), shift }
}

export const onesOf = (bits: number): bigint => (1n << BigInt(bits)) - 1n

const wrong = (detail: string) => new MapperError('invalid_config', detail)
const show = (text: string) => JSON.stringify(text.slice(0, 60))
