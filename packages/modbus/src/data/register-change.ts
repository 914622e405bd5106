import type { RegisterBits } from './register-codec.ts'

/** New bits of one register: all of `orMask` are set, all others that are not in `andMask` are cleared. */
export interface MaskedRegister {
  readonly andMask: number
  readonly orMask: number
}

/**
 * What a write changes. Whole registers: `data` has two bytes each, as on the wire. Or parts of
 * registers, whose other bits stay as they are in the device: one pair of masks a register, as function
 * 22 takes them, new = (old AND andMask) OR orMask, where orMask has no bit of andMask.
 */
export type RegisterChange =
  | { readonly kind: 'whole'; readonly address: number; readonly data: Uint8Array }
  | {
      readonly kind: 'part'
      readonly address: number
      readonly registers: readonly MaskedRegister[]
    }

/** The change that sets these bits in the registers from `address` on. It reaches no further than it must. */
export function changeOf(address: number, { data, mask }: RegisterBits): RegisterChange {
  if (mask === undefined) return { kind: 'whole', address, data }
  const masks = wordsOf(mask)
  const first = masks.findIndex((word) => word !== 0)
  const end = masks.findLastIndex((word) => word !== 0) + 1
  const touched = masks.slice(first, end)
  const from = address + first
  if (touched.every((word) => word === 0xffff)) {
    return { kind: 'whole', address: from, data: data.slice(2 * first, 2 * end) }
  }
  const words = wordsOf(data).slice(first, end)
  const registers = touched.map((word, index) => ({
    andMask: ~word & 0xffff,
    orMask: (words[index] ?? 0) & word,
  }))
  return { kind: 'part', address: from, registers }
}

/** The bytes of the registers after a change of parts of them, from their bytes before it. */
export function applyMasks(registers: readonly MaskedRegister[], before: Uint8Array): Uint8Array {
  const old = wordsOf(before)
  return Uint8Array.from(
    registers.flatMap(({ andMask, orMask }, index) => {
      const word = ((old[index] ?? 0) & andMask) | orMask
      return [word >> 8, word & 0xff]
    }),
  )
}

const wordsOf = (bytes: Uint8Array): readonly number[] =>
  Array.from(
    { length: bytes.length / 2 },
    (_, index) => ((bytes[2 * index] ?? 0) << 8) | (bytes[2 * index + 1] ?? 0),
  )
