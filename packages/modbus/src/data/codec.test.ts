import { MapperError, type Value } from '@mapper-sdk/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileRegisters } from './codec.ts'
import type { ModbusVisitor, ValueType } from '../config/visitor.ts'
import { shortestFloat32 } from './float32.ts'

const orders = ['big', 'little'] as const
const visitor = (more: Partial<ModbusVisitor> = {}): ModbusVisitor => ({
  table: 'holding',
  address: 0,
  byteOrder: 'big',
  wordOrder: 'big',
  ...more,
})
const codec = (type: ValueType, more: Partial<ModbusVisitor> = {}) =>
  compileRegisters(visitor(more), type)
const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const fromHex = (text: string) => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'))

const integers = [
  ['int16', -(2n ** 15n), 2n ** 15n - 1n],
  ['uint16', 0n, 2n ** 16n - 1n],
  ['int32', -(2n ** 31n), 2n ** 31n - 1n],
  ['uint32', 0n, 2n ** 32n - 1n],
  ['int64', -(2n ** 63n), 2n ** 63n - 1n],
  ['uint64', 0n, 2n ** 64n - 1n],
] as const

const plain = (big: bigint): Value => {
  const number = Number(big)
  return Number.isSafeInteger(number) ? number : big
}

const samples: Readonly<
  Record<Exclude<ValueType, `${'u' | ''}int${string}`>, fc.Arbitrary<Value>>
> = {
  bool: fc.boolean(),
  float32: fc.float({ noNaN: true, noDefaultInfinity: true }).map(shortestFloat32),
  float64: fc.double({ noNaN: true, noDefaultInfinity: true }),
  string: fc
    .string({ unit: 'binary', maxLength: 7 })
    .filter((text) => !text.includes('\0') && !text.endsWith(' ')),
  bytes: fc.uint8Array({ minLength: 14, maxLength: 14 }),
}

const cases: readonly (readonly [ValueType, fc.Arbitrary<Value>])[] = [
  ...(Object.entries(samples) as [ValueType, fc.Arbitrary<Value>][]),
  ...integers.map(
    ([type, min, max]) =>
      [type, fc.oneof(fc.bigInt({ min, max }), fc.constantFrom(min, max)).map(plain)] as const,
  ),
]

describe.each(cases)('%s', (type, values) => {
  it('comes back as it was written, in every order, at any place', () => {
    const length = type === 'string' ? 14 : type === 'bytes' ? 7 : undefined
    fc.assert(
      fc.property(
        values,
        fc.constantFrom(...orders),
        fc.constantFrom(...orders),
        fc.nat(9),
        (value, byteOrder, wordOrder, before) => {
          const one = codec(type, { byteOrder, wordOrder, ...(length && { length }) })
          const bytes = one.encode(value)
          expect(bytes.length).toBe(2 * one.count)
          const answer = new Uint8Array(before + bytes.length + 3).fill(0xa5)
          answer.set(bytes, before)
          expect(one.decode(viewOf(answer), before)).toStrictEqual(value)
          expect(hex(one.encode(one.decode(viewOf(bytes), 0)))).toBe(hex(bytes))
        },
      ),
    )
  })
})

describe('orders', () => {
  it.each([
    ['big', 'big', '11 22 33 44', '11 22 33 44 55 66 77 88'],
    ['big', 'little', '33 44 11 22', '77 88 55 66 33 44 11 22'],
    ['little', 'big', '22 11 44 33', '22 11 44 33 66 55 88 77'],
    ['little', 'little', '44 33 22 11', '88 77 66 55 44 33 22 11'],
  ] as const)('byteOrder %s, wordOrder %s', (byteOrder, wordOrder, two, four) => {
    const order = { byteOrder, wordOrder }
    expect(codec('uint32', order).decode(viewOf(fromHex(two)), 0)).toBe(0x11223344)
    expect(codec('uint64', order).decode(viewOf(fromHex(four)), 0)).toBe(0x1122334455667788n)
    expect(hex(codec('uint64', order).encode(0x1122334455667788n))).toBe(four.replaceAll(' ', ''))
  })

  it('applies to texts as well', () => {
    const bytes = fromHex('62 61 64 63 00 65')
    expect(codec('string', { length: 3, byteOrder: 'little' }).decode(viewOf(bytes), 0)).toBe(
      'abcde',
    )
  })
})

describe('what does not fit is refused, never cut or wrapped', () => {
  it.each(integers)('%s', (type, lowest, highest) => {
    const one = codec(type)
    for (const value of [lowest - 1n, highest + 1n, 1.5, NaN, Infinity, '1', 2 ** 60]) {
      expect(() => one.encode(value)).toThrow(MapperError)
    }
    fc.assert(
      fc.property(fc.bigInt(), (value) => {
        const fits = value >= lowest && value <= highest
        if (fits) expect(one.decode(viewOf(one.encode(value)), 0)).toBe(plain(value))
        else expect(() => one.encode(value)).toThrow(/out of range/)
      }),
    )
  })

  it.each<[ValueType, Partial<ModbusVisitor>, Value, RegExp]>([
    ['float32', {}, 3.5e38, /out of range/],
    ['float32', {}, NaN, /finite/],
    ['float64', {}, -Infinity, /finite/],
    ['float64', {}, 'x', /not a number/],
    ['bool', {}, 2, /true or false/],
    ['bool', { bit: 3 }, true, /single bit/],
    ['string', { length: 2 }, 'abcde', /room for 4/],
    ['string', { length: 2 }, 'äöü', /6 bytes/],
    ['string', { length: 2 }, 'a\0b', /read back/],
    ['string', { length: 2 }, 'ab ', /read back/],
    ['string', { length: 2 }, '\ud800', /read back/],
    ['string', { length: 2 }, 5, /not a text/],
    ['bytes', { length: 2 }, new Uint8Array(3), /3 bytes where there are 4/],
    ['bytes', { length: 2 }, 'ab', /not bytes/],
  ])('%s %o: %s', (type, more, value, reason) => {
    expect(() => codec(type, more).encode(value)).toThrow(reason)
  })
})

describe('reading', () => {
  it('takes any register but 0 for true, or one bit of it', () => {
    const view = viewOf(fromHex('00 08'))
    expect(codec('bool').decode(view, 0)).toBe(true)
    expect(codec('bool', { bit: 3 }).decode(view, 0)).toBe(true)
    expect(codec('bool', { bit: 2 }).decode(view, 0)).toBe(false)
    expect(codec('bool', { bit: 11, byteOrder: 'little' }).decode(view, 0)).toBe(true)
    expect(codec('bool').decode(viewOf(fromHex('00 00')), 0)).toBe(false)
  })

  it('ends a text at a NUL and drops the filling', () => {
    const text = (bytes: string) => codec('string', { length: 3 }).decode(viewOf(fromHex(bytes)), 0)
    expect(text('61 62 00 7a 7a 7a')).toBe('ab')
    expect(text('61 62 20 20 20 20')).toBe('ab')
    expect(text('20 61 20 62 20 00')).toBe(' a b')
    expect(text('00 00 00 00 00 00')).toBe('')
    expect(() => text('c3 28 00 00 00 00')).toThrow(/no UTF-8/)
  })

  it('gives bytes of its own, not the buffer of the socket', () => {
    const buffer = fromHex('01 02')
    const value = codec('bytes', { length: 1 }).decode(viewOf(buffer), 0)
    buffer.fill(0xff)
    expect(value).toStrictEqual(fromHex('01 02'))
  })
})

describe('shortestFloat32', () => {
  it('is the same float32, in no more digits than needed', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true }), (float) => {
        const short = shortestFloat32(float)
        expect(Math.fround(short)).toBe(float)
        const digits = [1, 2, 3, 4, 5, 6, 7, 8, 9].find(
          (count) => Math.fround(Number(float.toPrecision(count))) === float,
        )
        if (Number.isFinite(float) && !Number.isInteger(float)) {
          expect(short).toBe(Number(float.toPrecision(digits)))
        }
      }),
      { numRuns: 2000 },
    )
  })

  it.each([0.1, 21.5, -0.2, 1e-45, 3.4028235e38, 1e10, 0.3, 16_777_216, -0])('%d', (value) => {
    expect(shortestFloat32(Math.fround(value))).toBe(value)
  })
})
