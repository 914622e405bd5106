import { integerValue, MapperError, shortestFloat32, type Value } from '@mapper-sdk/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { valueTypes, type ModbusVisitor, type ValueType } from '../config/visitor.ts'
import { decoded, fromHex, hex, orders, registersOf, written } from './codec.suite.ts'
import { float16Of, shortestFloat16 } from './float16.ts'
import { viewOf } from './register-codec.ts'

const integers = [
  ['int8', -(2n ** 7n), 2n ** 7n - 1n],
  ['uint8', 0n, 2n ** 8n - 1n],
  ['int16', -(2n ** 15n), 2n ** 15n - 1n],
  ['uint16', 0n, 2n ** 16n - 1n],
  ['int32', -(2n ** 31n), 2n ** 31n - 1n],
  ['uint32', 0n, 2n ** 32n - 1n],
  ['int64', -(2n ** 63n), 2n ** 63n - 1n],
  ['uint64', 0n, 2n ** 64n - 1n],
  ['bcd8', 0n, 99n],
  ['bcd16', 0n, 9999n],
  ['bcd32', 0n, 99_999_999n],
] as const

const whole = (min: bigint, max: bigint) =>
  fc.oneof(fc.bigInt({ min, max }), fc.constantFrom(min, max)).map(integerValue)

const values = new Map<ValueType, fc.Arbitrary<Value>>([
  ['bool', fc.boolean()],
  ['float16', fc.nat(0xffff).map(float16Of).filter(Number.isFinite).map(shortestFloat16)],
  ['float32', fc.float({ noNaN: true, noDefaultInfinity: true }).map(shortestFloat32)],
  ['float64', fc.double({ noNaN: true, noDefaultInfinity: true })],
  [
    'string',
    fc
      .string({ unit: 'binary', maxLength: 7 })
      .filter((text) => !text.includes('\0') && !text.endsWith(' ')),
  ],
  ['bytes', fc.uint8Array({ minLength: 14, maxLength: 14 })],
  ...integers.map(([type, min, max]) => [type, whole(min, max)] as const),
])

describe.each(valueTypes)('%s', (type) => {
  it('comes back as it was written, in every order, at any place', () => {
    const length = type === 'string' ? 14 : type === 'bytes' ? 7 : undefined
    fc.assert(
      fc.property(
        values.get(type) ?? fc.constant(type),
        fc.record({
          byteOrder: fc.constantFrom(...orders),
          wordOrder: fc.constantFrom(...orders),
          byte: type.endsWith('8') ? fc.constantFrom('high', 'low') : fc.constant(undefined),
        }),
        fc.nat(9),
        (value, { byte, ...order }, places) => {
          const one = registersOf({
            type,
            ...order,
            ...(byte && { byte }),
            ...(length && { length }),
          })
          const bytes = written(one, value)
          expect(bytes.length).toBe(2 * one.count)
          const answer = new Uint8Array(places + bytes.length + 3).fill(0xa5)
          answer.set(bytes, places)
          expect(one.decode(viewOf(answer), places)).toStrictEqual(value)
          expect(hex(written(one, one.decode(viewOf(bytes), 0)))).toBe(hex(bytes))
        },
      ),
    )
  })
})

describe('known bytes', () => {
  it.each<[Partial<ModbusVisitor> & { readonly type: ValueType }, Value, string]>([
    [{ type: 'bool' }, true, '0001'],
    [{ type: 'bool', bit: 3 }, true, '0008'],
    [{ type: 'bool', bit: 11 }, true, '0800'],
    [{ type: 'bool', bit: 11, byteOrder: 'little' }, true, '0008'],
    [{ type: 'int8' }, -2, '00fe'],
    [{ type: 'int8', byte: 'low', byteOrder: 'little' }, -2, 'fe00'],
    [{ type: 'int8', byte: 'high' }, -2, 'fe00'],
    [{ type: 'uint8' }, 254, '00fe'],
    [{ type: 'uint8', byte: 'high' }, 254, 'fe00'],
    [{ type: 'int16' }, -2, 'fffe'],
    [{ type: 'int16', byteOrder: 'little' }, -2, 'feff'],
    [{ type: 'uint16' }, 0x1122, '1122'],
    [{ type: 'int32' }, -2, 'fffffffe'],
    [{ type: 'int32', wordOrder: 'little' }, -2, 'fffeffff'],
    [{ type: 'uint32' }, 0x11223344, '11223344'],
    [{ type: 'uint32', wordOrder: 'little' }, 0x11223344, '33441122'],
    [{ type: 'uint32', byteOrder: 'little' }, 0x11223344, '22114433'],
    [{ type: 'uint32', byteOrder: 'little', wordOrder: 'little' }, 0x11223344, '44332211'],
    [{ type: 'int64' }, -2, 'fffffffffffffffe'],
    [{ type: 'uint64' }, 0x1122334455667788n, '1122334455667788'],
    [{ type: 'uint64', wordOrder: 'little' }, 0x1122334455667788n, '7788556633441122'],
    [{ type: 'uint64', byteOrder: 'little' }, 0x1122334455667788n, '2211443366558877'],
    [
      { type: 'uint64', byteOrder: 'little', wordOrder: 'little' },
      0x1122334455667788n,
      '8877665544332211',
    ],
    [{ type: 'float16' }, -1.5, 'be00'],
    [{ type: 'float16', byteOrder: 'little' }, 0.1, '662e'],
    [{ type: 'float32' }, 0.1, '3dcccccd'],
    [{ type: 'float32', wordOrder: 'little' }, 0.1, 'cccd3dcc'],
    [{ type: 'float32', byteOrder: 'little' }, 0.1, 'cc3dcdcc'],
    [{ type: 'float32', byteOrder: 'little', wordOrder: 'little' }, 0.1, 'cdcccc3d'],
    [{ type: 'float64' }, -1.5, 'bff8000000000000'],
    [{ type: 'float64', wordOrder: 'little' }, -1.5, '000000000000bff8'],
    [{ type: 'bcd8' }, 42, '0042'],
    [{ type: 'bcd8', byte: 'high' }, 42, '4200'],
    [{ type: 'bcd16' }, 1234, '1234'],
    [{ type: 'bcd16', byteOrder: 'little' }, 1234, '3412'],
    [{ type: 'bcd32' }, 12_345_678, '12345678'],
    [{ type: 'bcd32', wordOrder: 'little' }, 12_345_678, '56781234'],
    [{ type: 'bcd32', byteOrder: 'little' }, 12_345_678, '34127856'],
    [{ type: 'bcd32', byteOrder: 'little', wordOrder: 'little' }, 12_345_678, '78563412'],
    [{ type: 'string', length: 3 }, 'abcde', '616263646500'],
    [{ type: 'string', length: 3, byteOrder: 'little' }, 'abcde', '626164630065'],
    [{ type: 'string', length: 3, wordOrder: 'little' }, 'abcde', '650063646162'],
    [{ type: 'string', length: 3, byte: 'low' }, 'abc', '006100620063'],
    [{ type: 'string', length: 3, byte: 'high' }, 'abc', '610062006300'],
    [{ type: 'string', length: 3, byte: 'high', byteOrder: 'little' }, 'abc', '006100620063'],
    [{ type: 'string', length: 3, padding: 'space' }, 'abc', '616263202020'],
    [{ type: 'string', length: 2, encoding: 'latin1' }, 'süd', '73fc6400'],
    [{ type: 'bytes', length: 2 }, Uint8Array.of(1, 2, 3, 255), '010203ff'],
    [{ type: 'uint16', bits: '4-7' }, 6, '0060'],
    [{ type: 'uint16', bits: '4' }, 1, '0010'],
    [{ type: 'int16', bits: '4-7' }, -2, '00e0'],
    [{ type: 'uint32', bits: '16-19' }, 5, '00050000'],
    [{ type: 'uint32', bits: '16-19', wordOrder: 'little' }, 5, '00000005'],
    [{ type: 'uint64', bits: '60-63' }, 15, 'f000000000000000'],
    [{ type: 'int64', bits: '0-63' }, -1, 'ffffffffffffffff'],
    [{ type: 'uint16', mask: '0x0ff0' }, 0x120, '0120'],
    [{ type: 'uint16', mask: '0x0ff0', shift: 4 }, 0x12, '0120'],
    [{ type: 'uint16', mask: 0x8001 }, 0x8001, '8001'],
    [{ type: 'int16', shift: 4 }, -1, 'fff0'],
    [{ type: 'uint16', fractionBits: 8 }, 1.5, '0180'],
    [{ type: 'int16', fractionBits: 15 }, -1, '8000'],
    [{ type: 'int32', fractionBits: 16, wordOrder: 'little' }, 1.25, '40000001'],
    [{ type: 'uint16', bitNames: '0=fault,4=door open' }, 'fault,door open', '0011'],
    [{ type: 'uint16', bitNames: '0=fault', bits: '8-11' }, 'fault,bit3', '0900'],
    [{ type: 'uint8', bitNames: '7=on', byte: 'high' }, 'on', '8000'],
  ])('%o: %s is %s', (more, value, bytes) => {
    expect(decoded(more, bytes)).toStrictEqual(value)
    expect(hex(written(registersOf(more), value))).toBe(bytes)
  })
})

describe('what does not fit is refused, never cut or wrapped', () => {
  it.each(integers)('%s', (type, lowest, highest) => {
    const one = registersOf({ type })
    for (const value of [lowest - 1n, highest + 1n, 1.5, NaN, Infinity, '1', 2 ** 60, '']) {
      expect(() => one.encode(value)).toThrow(MapperError)
      expect(() => one.encode(value)).toThrow('[bad_data]')
    }
    fc.assert(
      fc.property(fc.oneof(fc.bigInt(), fc.bigInt({ min: -300n, max: 300n })), (value) => {
        if (value < lowest || value > highest) {
          expect(() => one.encode(value)).toThrow(/out of range/)
        } else {
          expect(one.decode(viewOf(written(one, value)), 0)).toBe(integerValue(value))
        }
      }),
    )
  })

  it.each<[ValueType, Partial<ModbusVisitor>, Value, RegExp]>([
    ['float16', {}, 65_520, /out of range/],
    ['float16', {}, 1e-8, /too small/],
    ['float32', {}, 3.5e38, /out of range/],
    ['float32', {}, -1e-46, /too small/],
    ['float32', {}, NaN, /finite/],
    ['float64', {}, -Infinity, /finite/],
    ['float64', {}, 'x', /not a number/],
    ['bool', {}, 2, /true or false/],
    ['bool', { bit: 3 }, 'true', /true or false/],
    ['int16', { bits: '4-7' }, 8, /out of range \(-8…7\)/],
    ['int16', { bits: '4-7' }, -9, /out of range/],
    ['uint16', { bits: '4-7' }, 16, /out of range \(0…15\)/],
    ['uint16', { bits: '4-7' }, -1, /out of range/],
    ['uint16', { mask: '0x8001' }, 2, /bits outside the mask 0x8001/],
    ['uint16', { mask: '0x0ff0', shift: 4 }, 256, /out of range \(0…255\)/],
    ['int16', { shift: 4 }, 2048, /out of range \(-2048…2047\)/],
    ['uint16', { fractionBits: 1 }, 0.25, /steps of 0\.5/],
    ['uint16', { fractionBits: 1 }, 32_768, /out of range/],
    ['uint16', { fractionBits: 1 }, Infinity, /finite/],
    ['uint16', { bitNames: '0=a,1=b' }, 'c', /"c" is no name of a bit; there are none, a, b/],
    ['uint16', { bitNames: '0=a,1=b' }, 'a,a', /read back as "a"/],
    ['uint16', { bitNames: '0=a,1=b' }, 'b,a', /read back as "a,b"/],
    ['uint16', { bitNames: '0=a,1=b' }, 'a, b', /read back as "a,b"/],
    ['uint16', { bitNames: '0=a,1=b' }, 'bit0', /no name/],
    ['uint16', { bitNames: '0=a,1=b' }, 'none,a', /"none" is no name/],
    ['uint16', { bitNames: '0=a,1=b' }, '', /no name/],
    ['uint16', { bitNames: '0=a,1=b' }, 'bit16', /no name/],
    ['uint16', { bitNames: '0=a,1=b' }, 3, /names of bits/],
    ['string', { length: 2 }, 'abcde', /room for 4/],
    ['string', { length: 2, byte: 'low' }, 'abc', /room for 2/],
    ['string', { length: 2 }, 'äöü', /6 bytes/],
    ['string', { length: 2 }, 'a\0b', /read back/],
    ['string', { length: 2 }, 'ab ', /read back/],
    ['string', { length: 2, trim: 'both' }, ' ab', /read back/],
    ['string', { length: 2, trim: 'none', padding: 'space' }, 'ab', /read back/],
    ['string', { length: 2 }, '\ud800', /read back/],
    ['string', { length: 2, encoding: 'latin1' }, 'ł', /characters that latin1 has not/],
    ['string', { length: 2, encoding: 'ascii' }, 'ä', /characters that ascii has not/],
    ['string', { length: 2 }, 5, /not a text/],
    ['bytes', { length: 2 }, new Uint8Array(3), /3 bytes where there are 4/],
    ['bytes', { length: 2 }, 'ab', /not bytes/],
  ])('%s %o: %s', (type, more, value, reason) => {
    const one = registersOf({ type, ...more })
    expect(() => one.encode(value)).toThrow(reason)
    expect(() => one.encode(value)).toThrow('[bad_data]')
  })
})

describe('reading', () => {
  it('takes any register but 0 for true, or one bit of it', () => {
    expect(decoded({ type: 'bool' }, '0008')).toBe(true)
    expect(decoded({ type: 'bool', bit: 3 }, '0008')).toBe(true)
    expect(decoded({ type: 'bool', bit: 2 }, '0008')).toBe(false)
    expect(decoded({ bit: 11, byteOrder: 'little' }, '0008')).toBe(true)
    expect(decoded({ type: 'bool' }, '0000')).toBe(false)
  })

  it.each<[ValueType, Partial<ModbusVisitor>, string]>([
    ['bcd8', {}, 'ff1a'],
    ['bcd8', { byte: 'high' }, 'a0ff'],
    ['bcd16', {}, '00f0'],
    ['bcd32', {}, '0000a000'],
  ])('%s %o: %s is no number, because a digit is above 9', (type, more, bytes) => {
    expect(() => decoded({ type, ...more }, bytes)).toThrow(/\[bad_data\].*digit is above 9/)
  })

  it('looks only at its own bits', () => {
    expect(decoded({ type: 'uint8' }, 'ab12')).toBe(0x12)
    expect(decoded({ type: 'bcd8', byte: 'high' }, '42ff')).toBe(42)
    expect(decoded({ type: 'uint16', bits: '4-7' }, 'ff5f')).toBe(5)
    expect(decoded({ type: 'uint16', mask: '0x8001' }, '7ffe')).toBe(0)
  })

  it('ends a text at a NUL and drops the filling', () => {
    const text = (bytes: string, more: Partial<ModbusVisitor> = {}) =>
      decoded({ type: 'string', length: 3, ...more }, bytes)
    expect(text('61 62 00 7a 7a 7a')).toBe('ab')
    expect(text('61 62 20 20 20 20')).toBe('ab')
    expect(text('20 61 20 62 20 00')).toBe(' a b')
    expect(text('20 61 20 62 20 00', { trim: 'both' })).toBe('a b')
    expect(text('20 61 20 62 20 00', { trim: 'none' })).toBe(' a b ')
    expect(text('00 00 00 00 00 00')).toBe('')
    expect(text('61 00 62 00 00 7a', { byte: 'high' })).toBe('ab')
    expect(text('7a 61 7a 62 7a 00', { byte: 'low' })).toBe('ab')
    expect(() => text('c3 28 00 00 00 00')).toThrow(/no utf-8 text/)
    expect(() => text('80 28 00 00 00 00', { encoding: 'ascii' })).toThrow(/no ascii text/)
    expect(text('80 ff 00 00 00 00', { encoding: 'latin1' })).toBe('\x80ÿ')
  })

  it('gives bytes of its own, not the buffer of the socket', () => {
    const buffer = fromHex('01 02')
    const value = registersOf({ type: 'bytes', length: 1 }).decode(viewOf(buffer), 0)
    buffer.fill(0xff)
    expect(value).toStrictEqual(fromHex('01 02'))
  })
})
