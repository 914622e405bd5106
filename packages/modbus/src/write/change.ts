import type { RegisterChange } from '../data/register-change.ts'

/** What one write changes: registers, parts of registers, or coils. */
export type Change =
  | RegisterChange
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
