import { integerValue, MapperError } from '@mapper-sdk/core'
import { refusal, toInteger } from './refusal.ts'
import { bytesOfRaw, rawBits, type RegisterCodec } from './register-codec.ts'

/** Some bits of a whole number in one, two or four registers. */
export interface Field {
  readonly registers: 1 | 2 | 4
  /** The bits that count; not 0. */
  readonly mask: bigint
  /** How far they are moved down. No bit of the mask lies lower. */
  readonly shift: number
  /** signed: the highest bit of the mask is the sign. bcd: a decimal digit in every four bits. */
  readonly reads: 'unsigned' | 'signed' | 'bcd'
}

/** Reads bits as a whole number, and writes them without touching the others. */
export function fieldCodec({
  registers,
  mask,
  shift,
  reads,
}: Field): RegisterCodec<number | bigint> {
  const down = BigInt(shift)
  const all = (1n << BigInt(16 * registers)) - 1n
  const sign = reads === 'signed' ? highestBit(mask) : 0n
  const lowest = -sign >> down
  const highest = (mask & ~sign) >> down
  const maskBytes = mask === all ? undefined : bytesOfRaw(mask, registers)

  const bitsFor = (integer: bigint) => {
    // Two's complement as wide as the sign says; without a sign nothing negative gets here.
    const wide =
      reads === 'signed' ? BigInt.asUintN(lengthOf(sign), integer << down) : integer << down
    return (wide & ~mask) === 0n ? wide : undefined
  }

  return {
    count: registers,
    decode(view, at) {
      const raw = rawBits(view, at, registers) & mask
      if (reads === 'bcd') return integerValue(fromBcd(raw >> down))
      return integerValue((raw & sign ? raw - 2n * sign : raw) >> down)
    },
    encode(value) {
      const integer = toInteger(value)
      const raw = reads === 'bcd' ? toBcd(integer) : integer
      const range = reads === 'bcd' ? `0…${fromBcd(highest & nines)}` : `${lowest}…${highest}`
      if (raw < lowest || raw > highest) throw refusal(value, `out of range (${range})`)
      const bits = bitsFor(raw)
      if (bits === undefined) throw refusal(value, `it has bits outside the mask 0x${hex(mask)}`)
      const data = bytesOfRaw(bits, registers)
      return maskBytes === undefined ? { data } : { data, mask: maskBytes }
    },
  }
}

const hex = (raw: bigint) => raw.toString(16).toUpperCase()
/** How many bits a positive number takes. */
const lengthOf = (raw: bigint) => raw.toString(2).length
const highestBit = (raw: bigint) => 1n << BigInt(lengthOf(raw) - 1)
const nines = 0x99999999n

function fromBcd(raw: bigint): bigint {
  const digits = hex(raw)
  if (/^\d+$/.test(digits)) return BigInt(digits)
  throw new MapperError('bad_data', `0x${digits} is no number in BCD: a digit is above 9`)
}

/** The digits of a number, four bits each; a negative number stays negative. */
function toBcd(integer: bigint): bigint {
  return integer < 0n ? integer : BigInt(`0x${integer}`)
}
