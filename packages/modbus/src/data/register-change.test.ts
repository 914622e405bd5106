import { MapperError } from '@mapper-sdk/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ModbusVisitor } from '../config/visitor.ts'
import { hex, orders, registersOf, written } from './codec.suite.ts'
import { applyMasks, changeOf } from './register-change.ts'
import { viewOf } from './register-codec.ts'
import { bitsOf, wideIntegerTypes } from './types.ts'

const wide = fc.constantFrom(...wideIntegerTypes)
const order = fc.record({
  byteOrder: fc.constantFrom(...orders),
  wordOrder: fc.constantFrom(...orders),
})

/** Visitors that take some bits of their registers. */
const parts: fc.Arbitrary<Partial<ModbusVisitor>> = fc.oneof(
  fc.nat(15).map((bit): Partial<ModbusVisitor> => ({ type: 'bool', bit })),
  fc.record({
    type: fc.constantFrom('int8', 'uint8', 'bcd8'),
    byte: fc.constantFrom('high', 'low'),
  }),
  wide.chain((type) =>
    fc.tuple(fc.nat(bitsOf(type) - 1), fc.nat(bitsOf(type) - 1)).map(([one, other]) => ({
      type,
      bits: `${Math.min(one, other)}-${Math.max(one, other)}`,
    })),
  ),
  wide.chain((type) =>
    fc
      .tuple(fc.bigInt({ min: 1n, max: 2n ** BigInt(bitsOf(type)) - 1n }), fc.nat(63))
      .map(([mask, most]): Partial<ModbusVisitor> => {
        const lowest = mask.toString(2).length - mask.toString(2).lastIndexOf('1') - 1
        const shift = Math.min(lowest, most)
        return { type, mask: `0x${mask.toString(16)}`, ...(shift > 0 && { shift }) }
      }),
  ),
  wide.chain((type) =>
    fc.integer({ min: 1, max: bitsOf(type) - 1 }).map((shift) => ({ type, shift })),
  ),
)

const flipped = (bytes: Uint8Array, bit: number) =>
  bytes.map((byte, index) => (index === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))

describe('a write of some bits', () => {
  it('is read back, and changes no bit that does not belong to the value', () => {
    const bytes = fc.uint8Array({ minLength: 8, maxLength: 8 })
    fc.assert(
      fc.property(parts, order, bytes, bytes, (part, theirs, some, others) => {
        const one = registersOf({ ...part, ...theirs })
        const size = 2 * one.count
        const before = others.slice(0, size)
        const valueOf = (registers: Uint8Array) => {
          try {
            return one.decode(viewOf(registers), 0)
          } catch (thrown) {
            return thrown instanceof MapperError ? thrown.code : thrown
          }
        }
        const value = valueOf(some.slice(0, size))
        fc.pre(value !== 'bad_data')
        const after = written(one, value as number, before)
        expect(valueOf(after)).toStrictEqual(value)
        for (let bit = 0; bit < 8 * size; bit++) {
          const changed = ((before[bit >> 3] ?? 0) ^ (after[bit >> 3] ?? 0)) & (1 << (bit & 7))
          if (changed) expect(valueOf(flipped(after, bit))).not.toStrictEqual(value)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('reaches no further than it must, and takes whole registers as such', () => {
    const change = (more: Partial<ModbusVisitor>, value = 1) => registersOf(more).encode(value)
    const at = { address: 10 }
    expect(change({ ...at, bit: 3 })).toEqual({
      kind: 'part',
      address: 10,
      registers: [{ andMask: 0xfff7, orMask: 0x0008 }],
    })
    expect(change({ ...at, bit: 3, byteOrder: 'little' }, 0)).toEqual({
      kind: 'part',
      address: 10,
      registers: [{ andMask: 0xf7ff, orMask: 0 }],
    })
    expect(change({ ...at, type: 'uint32', bits: '0-3' })).toEqual({
      kind: 'part',
      address: 11,
      registers: [{ andMask: 0xfff0, orMask: 1 }],
    })
    expect(change({ ...at, type: 'uint32', bits: '12-19' }, 0xab)).toEqual({
      kind: 'part',
      address: 10,
      registers: [
        { andMask: 0xfff0, orMask: 0xa },
        { andMask: 0x0fff, orMask: 0xb000 },
      ],
    })
    expect(change({ ...at, type: 'uint64', bits: '16-31', wordOrder: 'little' }, 7)).toEqual({
      kind: 'whole',
      address: 11,
      data: Uint8Array.of(0, 7),
    })
    expect(change({ ...at, type: 'uint32', mask: '0x80000001' }, 0x80000001)).toEqual({
      kind: 'part',
      address: 10,
      registers: [
        { andMask: 0x7fff, orMask: 0x8000 },
        { andMask: 0xfffe, orMask: 1 },
      ],
    })
  })
})

it('masks are what function 22 makes of them', () => {
  const word = fc.nat(0xffff)
  fc.assert(
    fc.property(word, word, word, (old, mask, data) => {
      fc.pre(mask !== 0)
      const bytes = (value: number) => Uint8Array.of(value >> 8, value & 0xff)
      const change = changeOf(0, { data: bytes(data), mask: bytes(mask) })
      const expected = (old & ~mask) | (data & mask)
      if (change.kind === 'whole') {
        expect(mask).toBe(0xffff)
        expect(hex(change.data)).toBe(hex(bytes(expected)))
        return
      }
      const [{ andMask = 0, orMask = 0 } = {}] = change.registers
      expect((old & andMask) | (orMask & ~andMask)).toBe(expected)
      expect(hex(applyMasks(change.registers, bytes(old)))).toBe(hex(bytes(expected)))
    }),
  )
})
