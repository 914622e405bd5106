/** New bits of one register: new = (old AND `andMask`) OR `orMask`, which has no bit of `andMask`. */
export interface MaskedRegister {
  readonly andMask: number
  readonly orMask: number
}

/**
 * What one write changes. `whole`: registers, two bytes each as on the wire. `part`: some bits of
 * registers, whose others stay as the device has them. `coils`: coils.
 */
export type Change =
  | { readonly kind: 'whole'; readonly address: number; readonly data: Uint8Array }
  | {
      readonly kind: 'part'
      readonly address: number
      readonly registers: readonly MaskedRegister[]
    }
  | { readonly kind: 'coils'; readonly address: number; readonly values: readonly boolean[] }

/** How many registers or coils it touches. */
export function sizeOf(change: Change): number {
  switch (change.kind) {
    case 'whole':
      return change.data.length / 2
    case 'part':
      return change.registers.length
    case 'coils':
      return change.values.length
  }
}

/** The bytes of the registers after a change of parts of them, from their bytes before it. */
export function applyMasks(registers: readonly MaskedRegister[], before: Uint8Array): Uint8Array {
  return Uint8Array.from(
    registers.flatMap(({ andMask, orMask }, index) => {
      const old = ((before[2 * index] ?? 0) << 8) | (before[2 * index + 1] ?? 0)
      const word = (old & andMask) | orMask
      return [word >> 8, word & 0xff]
    }),
  )
}
