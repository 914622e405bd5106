import type { MaskedRegister } from '../data/register-change.ts'
import { sizeOf, type Change } from './change.ts'

/** A change that does what several in a row do, and which of them, as indexes. */
export interface Merged {
  readonly change: Change
  readonly of: readonly number[]
}

/** By kind: the most registers or coils that merged changes may take; 0 merges none. */
export type MergeLimits = Readonly<Record<Change['kind'], number>>

/**
 * Puts changes that follow one another into one, where together they are one range of registers, one
 * range of coils or bits of the same registers. A device that carries out the result has the same
 * in it as after all changes one by one; what an overlap would have held in between never shows.
 * Changes are never reordered and never split.
 */
export function mergeChanges(changes: readonly Change[], limits: MergeLimits): readonly Merged[] {
  const all: { change: Change; of: number[] }[] = []
  for (const [index, change] of changes.entries()) {
    const last = all.at(-1)
    const joined = last && join(last.change, change, limits)
    if (last !== undefined && joined !== undefined) {
      last.change = joined
      last.of.push(index)
    } else all.push({ change, of: [index] })
  }
  return all
}

/** Both changes as one; undefined if they cannot be. */
function join(first: Change, second: Change, limits: MergeLimits): Change | undefined {
  if (first.kind === 'part' && second.kind === 'part') {
    const isSame = first.address === second.address && sizeOf(first) === sizeOf(second)
    if (!isSame || sizeOf(first) > limits.part) return undefined
    const registers = second.registers.map((mask, index) => after(first.registers[index], mask))
    return { ...first, registers }
  }
  const from = Math.min(first.address, second.address)
  const end = Math.max(first.address + sizeOf(first), second.address + sizeOf(second))
  // With a gap between them the range is longer than both.
  if (end - from > sizeOf(first) + sizeOf(second)) return undefined
  if (first.kind === 'whole' && second.kind === 'whole' && end - from <= limits.whole) {
    const data = new Uint8Array(2 * (end - from))
    data.set(first.data, 2 * (first.address - from))
    data.set(second.data, 2 * (second.address - from))
    return { kind: 'whole', address: from, data }
  }
  if (first.kind === 'coils' && second.kind === 'coils' && end - from <= limits.coils) {
    const values = Array.from({ length: end - from }, () => false)
    for (const { address, values: bits } of [first, second]) {
      bits.forEach((bit, index) => (values[address - from + index] = bit))
    }
    return { kind: 'coils', address: from, values }
  }
  return undefined
}

function after(first: MaskedRegister | undefined, second: MaskedRegister): MaskedRegister {
  if (first === undefined) return second
  return {
    andMask: first.andMask & second.andMask,
    orMask: (first.orMask & second.andMask) | second.orMask,
  }
}
