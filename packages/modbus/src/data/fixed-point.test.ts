import { formatValue, parseDecimal } from '@mapper-sdk/core'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { decoded, fromHex, hex, orders, registersOf, written } from './codec.suite.ts'
import { rangeOf } from './number-codec.ts'
import { viewOf } from './register-codec.ts'
import { bitsOf, integerTypes, isSigned } from './types.ts'

it('a binary fraction is exact, and written back to the same bits', () => {
  const cases = fc.constantFrom(...integerTypes).chain((type) => {
    const [min, max] = rangeOf(bitsOf(type), isSigned(type))
    return fc.record({
      type: fc.constant(type),
      integer: fc.oneof(fc.bigInt({ min, max }), fc.constantFrom(min, max)),
      fractionBits: fc.integer({ min: 1, max: 63 }),
      byteOrder: fc.constantFrom(...orders),
      wordOrder: fc.constantFrom(...orders),
    })
  })
  fc.assert(
    fc.property(cases, ({ integer, ...visitor }) => {
      const { fractionBits, ...plain } = visitor
      const registers = written(registersOf(plain), integer)
      const one = registersOf(visitor)
      const value = one.decode(viewOf(registers), 0)
      // integer = value × 2^bits, in exact arithmetic.
      if (typeof value === 'number') {
        const scaled = value * 2 ** fractionBits
        expect(BigInt(scaled)).toBe(integer)
      } else {
        const { digits, exponent } = parseDecimal(String(value)) ?? { digits: 0n, exponent: 0 }
        expect(digits << BigInt(fractionBits)).toBe(integer * 10n ** BigInt(-exponent))
      }
      expect(hex(written(one, value))).toBe(hex(registers))
    }),
    { numRuns: 1000 },
  )
})

it('digits that no double holds come as a text', () => {
  const value = decoded({ type: 'uint64', fractionBits: 1 }, 'ffffffffffffffff')
  expect(value).toBe('9223372036854775807.5')
  expect(formatValue(value, 'STRING')).toBe('9223372036854775807.5')
  expect(formatValue(value, 'DOUBLE')).toBe('9223372036854776000')
  expect(decoded({ type: 'uint64', fractionBits: 1 }, 'fffffffffffffffe')).toBe(2n ** 63n - 1n)
})

it.each([
  [0.1, /steps of 0\.00390625$/],
  ['0.1', /steps of 0\.00390625$/],
  [256, /out of range/],
  [-0.5, /out of range/],
  [NaN, /not a finite number/],
  ['a', /not a finite number/],
  [true, /not a finite number/],
])('refuses to write %s with 8 fraction bits', (value, why) => {
  const one = registersOf({ type: 'uint16', fractionBits: 8 })
  expect(() => one.encode(value)).toThrow(why)
  expect(() => one.encode(value)).toThrow('[bad_data]')
  expect(one.encode(255.99609375)).toMatchObject({ data: fromHex('ffff') })
})
