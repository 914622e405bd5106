import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { applyMasks } from '../data/register-change.ts'
import { sizeOf, type Change } from './change.ts'
import { mergeChanges } from './merge.ts'

const limits = { whole: 123, part: 123, coils: 1968 }

const anyMask = fc
  .tuple(fc.nat(0xffff), fc.nat(0xffff))
  .map(([andMask, orMask]) => ({ andMask, orMask: orMask & ~andMask }))

/** Changes that often touch and overlap. */
const anyChange: fc.Arbitrary<Change> = fc.oneof(
  fc.record({
    kind: fc.constant('whole' as const),
    address: fc.nat(30),
    data: fc
      .array(fc.tuple(fc.nat(255), fc.nat(255)), { minLength: 1, maxLength: 6 })
      .map((words) => Uint8Array.from(words.flat())),
  }),
  fc.record({
    kind: fc.constant('part' as const),
    address: fc.nat(8),
    registers: fc.array(anyMask, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({
    kind: fc.constant('coils' as const),
    address: fc.nat(30),
    values: fc.array(fc.boolean(), { minLength: 1, maxLength: 9 }),
  }),
)
const anyChanges = fc.array(anyChange, { maxLength: 40 })

/** A device that carries out changes; it starts with something everywhere. */
function deviceAfter(changes: readonly Change[]) {
  const registers = Uint8Array.from({ length: 400 }, (_, at) => (at * 37) & 0xff)
  const coils = Array.from({ length: 200 }, (_, at) => at % 3 === 0)
  for (const change of changes) {
    if (change.kind === 'coils')
      coils.splice(change.address, change.values.length, ...change.values)
    else {
      const place = registers.subarray(2 * change.address, 2 * (change.address + sizeOf(change)))
      place.set(change.kind === 'whole' ? change.data : applyMasks(change.registers, place))
    }
  }
  return { registers: [...registers], coils }
}

describe('merged changes', () => {
  it('leave the device as the changes would one by one, whatever their order and overlap', () => {
    fc.assert(
      fc.property(anyChanges, (changes) => {
        const merged = mergeChanges(changes, limits).map(({ change }) => change)
        expect(deviceAfter(merged)).toEqual(deviceAfter(changes))
      }),
      { numRuns: 2000 },
    )
  })
  it('hold every change once, in the given order', () => {
    fc.assert(
      fc.property(anyChanges, (changes) => {
        const order = mergeChanges(changes, limits).flatMap(({ of }) => of)
        expect(order).toEqual(changes.map((_, index) => index))
      }),
    )
  })
  it('are never longer than a request, and never split one', () => {
    const small = { whole: 7, part: 2, coils: 10 }
    fc.assert(
      fc.property(anyChanges, (changes) => {
        for (const { change, of } of mergeChanges(changes, small)) {
          if (of.length === 1) expect(change).toBe(changes[of[0] ?? 0])
          else expect(sizeOf(change)).toBeLessThanOrEqual(small[change.kind])
        }
      }),
    )
  })
  it('are those that were given where nothing may be merged', () => {
    fc.assert(
      fc.property(anyChanges, (changes) => {
        const merged = mergeChanges(changes, { whole: 0, part: 0, coils: 0 })
        expect(merged.map(({ change }) => change)).toEqual(changes)
      }),
    )
  })
  it('hold nothing that no change holds', () => {
    fc.assert(
      fc.property(anyChanges, (changes) => {
        for (const { change, of } of mergeChanges(changes, limits)) {
          const places = (one: Change) =>
            Array.from({ length: sizeOf(one) }, (_, index) => one.address + index)
          const theirs = of.flatMap((index) => places(changes[index] ?? change))
          expect(new Set(places(change))).toEqual(new Set(theirs))
        }
      }),
    )
  })
})

describe('one request', () => {
  const word = (address: number, ...values: number[]): Change => ({
    kind: 'whole',
    address,
    data: Uint8Array.from(values.flatMap((value) => [value >> 8, value & 0xff])),
  })
  const coil = (address: number, ...values: boolean[]): Change => ({
    kind: 'coils',
    address,
    values,
  })
  const bit = (address: number, bit: number, set: boolean): Change => ({
    kind: 'part',
    address,
    registers: [{ andMask: ~(1 << bit) & 0xffff, orMask: set ? 1 << bit : 0 }],
  })
  const merge = (...changes: Change[]) => mergeChanges(changes, limits)
  it('takes neighbours from above and from below, and overlaps', () => {
    expect(merge(word(10, 1), word(11, 2, 3), word(9, 4), word(11, 5))).toEqual([
      { change: word(9, 4, 1, 5, 3), of: [0, 1, 2, 3] },
    ])
    expect(merge(coil(3, true), coil(4, false), coil(2, true))).toEqual([
      { change: coil(2, true, true, false), of: [0, 1, 2] },
    ])
  })
  it('takes bits of the same register', () => {
    expect(merge(bit(5, 0, true), bit(5, 3, false), bit(5, 0, false), bit(6, 1, true))).toEqual([
      {
        change: { ...bit(5, 0, false), registers: [{ andMask: 0xfff6, orMask: 0 }] },
        of: [0, 1, 2],
      },
      { change: bit(6, 1, true), of: [3] },
    ])
  })
  it('takes no gap, no other table and nothing out of turn', () => {
    const apart = [
      word(10, 1),
      word(12, 2),
      coil(13, true),
      word(13, 3),
      bit(13, 1, true),
      word(11, 4),
    ]
    expect(merge(...apart).map(({ of }) => of)).toEqual([[0], [1], [2], [3], [4], [5]])
  })
  it('takes 123 registers or 1968 coils and not one more', () => {
    const words = Array.from({ length: 130 }, (_, index) => word(index, index))
    expect(merge(...words).map(({ of }) => of.length)).toEqual([123, 7])
    const coils = Array.from({ length: 1970 }, (_, index) => coil(index, true))
    expect(merge(...coils).map(({ of }) => of.length)).toEqual([1968, 2])
  })
})
