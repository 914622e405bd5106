import { formatValue } from '@mapper-sdk/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ModbusVisitor } from '../config/visitor.ts'
import { nothingKnown } from '../read/knowledge.ts'
import { createReadPlan } from '../read/read-plan.ts'
import {
  decoded,
  fromHex,
  hex,
  orders,
  protocol,
  registersOf,
  visitorOf,
  written,
} from './codec.suite.ts'
import { rangeOf } from './number-codec.ts'
import { bytesOfRaw, viewOf } from './register-codec.ts'
import { bitsOf, integerTypes, isSigned, widths } from './types.ts'

const int16 = (value: number) => bytesOfRaw(BigInt.asUintN(16, BigInt(value)), 1)

/** An integer with its point moved, as text: nothing but digits is touched. */
function pointMoved(integer: bigint, places: number): string {
  const sign = integer < 0n ? '-' : ''
  const digits = String(integer < 0n ? -integer : integer)
  if (places >= 0) return integer === 0n ? '0' : sign + digits + '0'.repeat(places)
  const padded = digits.padStart(1 - places, '0')
  const fraction = padded.slice(places).replace(/0+$/, '')
  const text = padded.slice(0, places) + (fraction === '' ? '' : `.${fraction}`)
  return text === '0' ? text : sign + text
}

describe('a value times a power of ten', () => {
  it.each<[Partial<ModbusVisitor>, string, unknown]>([
    [{ type: 'int16', scaleFactorAddress: 1 }, '04d2 ffff', 123.4],
    [{ type: 'int16', scaleFactorAddress: 1 }, 'fb2e ffff', -123.4],
    [{ type: 'uint16', scaleFactorAddress: 1 }, '0003 fffe', 0.03],
    [{ type: 'uint16', scaleFactorAddress: 1 }, '0003 0003', 3000],
    [{ type: 'uint16', scaleFactorAddress: 1 }, '0000 fff6', 0],
    [{ type: 'uint16', address: 2, scaleFactorAddress: 0 }, 'ffff eeee 0007', 0.7],
    [{ type: 'uint32', scaleFactorAddress: 2, wordOrder: 'little' }, '0001 0002 ffff', 13_107.3],
    [{ type: 'uint16', scaleFactorAddress: 1, byteOrder: 'little' }, 'd204 ffff', 123.4],
    [{ type: 'uint16', scaleFactorAddress: 1, byteOrder: 'little' }, 'd204 feff', 12.34],
    [{ type: 'uint8', byte: 'high', scaleFactorAddress: 1 }, '07aa ffff', 0.7],
    [{ type: 'uint16', bits: '0-3', scaleFactorAddress: 1 }, 'fff7 ffff', 0.7],
    [{ type: 'uint64', scaleFactorAddress: 4 }, 'ffffffffffffffff fffe', '184467440737095516.15'],
    [{ type: 'uint64', scaleFactorAddress: 4 }, '00000000000f4240 fffa', 1],
    [
      { type: 'uint64', scaleFactorAddress: 4 },
      'ffffffffffffffff 0001',
      184_467_440_737_095_516_150n,
    ],
  ])('%o: %s', (more, bytes, value) => {
    expect(decoded(more, bytes)).toStrictEqual(value)
  })

  it('is exact in decimal, and written back to the same registers', () => {
    const integers = fc.constantFrom(...integerTypes).chain((type) => {
      const [min, max] = rangeOf(bitsOf(type), isSigned(type))
      return fc.record({
        type: fc.constant(type),
        integer: fc.oneof(fc.bigInt({ min, max }), fc.constantFrom(min, max, 0n, 1n)),
      })
    })
    const factors = fc.integer({ min: -10, max: 10 })
    const order = fc.record({
      byteOrder: fc.constantFrom(...orders),
      wordOrder: fc.constantFrom(...orders),
    })
    fc.assert(
      fc.property(
        integers,
        factors,
        order,
        fc.boolean(),
        ({ type, integer }, exponent, theirs, isBefore) => {
          const width = widths[type]
          const one = registersOf({
            type,
            address: isBefore ? 3 : 0,
            scaleFactorAddress: isBefore ? 0 : width + 1,
            ...theirs,
          })
          expect(one.count).toBe(isBefore ? width + 3 : width + 2)
          const plain = registersOf({ type, ...theirs })
          const registers = new Uint8Array(2 * one.count)
          registers.set(written(plain, integer), isBefore ? 6 : 0)
          const factor = int16(exponent)
          if (theirs.byteOrder === 'little') factor.reverse()
          registers.set(factor, isBefore ? 0 : 2 * (width + 1))
          const value = one.decode(viewOf(registers), 0)
          expect(formatValue(value, 'STRING')).toBe(pointMoved(integer, exponent))
          if (typeof value === 'string') {
            expect(value.replaceAll(/\D/g, '').length).toBeGreaterThan(15)
          }
          expect(hex(written(one, value, registers))).toBe(hex(registers))
        },
      ),
      { numRuns: 1000 },
    )
  })
})

describe('the register of the power', () => {
  const one = registersOf({ type: 'int16', scaleFactorAddress: 4 })
  const answer = (factor: number) => {
    const bytes = new Uint8Array(10)
    bytes.set(int16(factor), 8)
    return viewOf(bytes)
  }

  it('holds no value if it is not implemented', () => {
    expect(() => one.decode(answer(-0x8000), 0)).toThrow(
      '[unsupported] the device has no scale factor',
    )
    expect(() => one.encode(1, int16(-0x8000))).toThrow('[unsupported]')
  })

  it('is bad data outside of -10 to 10', () => {
    const wrong = fc
      .integer({ min: -0x7fff, max: 0x7fff })
      .filter((factor) => Math.abs(factor) > 10)
    fc.assert(
      fc.property(fc.oneof(wrong, fc.constantFrom(-11, 11)), (factor) => {
        expect(() => one.decode(answer(factor), 0)).toThrow(
          `[bad_data] the scale factor is ${factor}`,
        )
        expect(() => one.encode(1, int16(factor))).toThrow('[bad_data]')
      }),
    )
  })

  it('is read before a write, which changes the value only', () => {
    expect(one.readFirst).toEqual({ table: 'holding', address: 4, count: 1 })
    expect(one.encode(123.4, int16(-1))).toEqual({
      kind: 'whole',
      address: 0,
      data: fromHex('04d2'),
    })
    expect(() => one.encode(1)).toThrow('[internal]')
    const later = registersOf({ type: 'int16', address: 7, bits: '0-11', scaleFactorAddress: 4 })
    expect(later.encode(-5, int16(0))).toEqual({
      kind: 'part',
      address: 7,
      registers: [{ andMask: 0xf000, orMask: 0x0ffb }],
    })
  })

  it.each<[number | bigint | string, number, RegExp]>([
    [123.45, -1, /steps of 0\.1$/],
    [15, 1, /steps of 10$/],
    [0.1 + 0.2, -1, /steps of 0\.1$/],
    [3276.8, -1, /out of range/],
    [40_000, 0, /out of range/],
    [NaN, -1, /not a finite number/],
    [Infinity, -1, /not a finite number/],
    [2 ** 60, 10, /not a whole number that is exact/],
    ['1,5', -1, /not a finite number/],
  ])('refuses to write %s at 10^%d', (value, exponent, why) => {
    expect(() => one.encode(value, int16(exponent))).toThrow(why)
    expect(() => one.encode(value, int16(exponent))).toThrow('[bad_data]')
  })

  it('is asked for in the request of the value, whatever gap lies between', () => {
    const visitor = visitorOf({ type: 'int16', scaleFactorAddress: 50 })
    const narrow = { ...protocol, maxGap: 0 }
    expect(createReadPlan([visitor], narrow, nothingKnown.shape).requests).toEqual([
      { table: 'holding', address: 0, count: 51, items: [0] },
    ])
  })

  it('may lie anywhere that one request reaches', () => {
    expect(registersOf({ type: 'int32', scaleFactorAddress: 124 }).count).toBe(125)
    expect(
      registersOf({ type: 'int32', address: 65_534, scaleFactorAddress: 65_420 }),
    ).toMatchObject({ address: 65_420, count: 116 })
  })
})
