import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  add,
  compare,
  decimalOf,
  divideHalfEven,
  divideToNumber,
  float32Text,
  integerOf,
  multiply,
  parseDecimal,
  plainDecimal,
  roundHalfEven,
  toNumber,
  toText,
} from './decimal.ts'

const finite = fc.double({ noNaN: true, noDefaultInfinity: true })
const decimal = fc.record({
  digits: fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }),
  exponent: fc.integer({ min: -12, max: 6 }),
})

describe('plainDecimal', () => {
  test.each([
    [1e21, '1000000000000000000000'],
    [1e-7, '0.0000001'],
    [-1.5e-10, '-0.00000000015'],
    [-0, '0'],
    [0.1 + 0.2, '0.30000000000000004'],
    [-21.5, '-21.5'],
    [5e-324, `0.${'0'.repeat(323)}5`],
  ])('%s is %s', (value, text) => expect(plainDecimal(value)).toBe(text))

  test('reads back the same, without an exponent', () => {
    fc.assert(
      fc.property(finite, (value) => {
        const text = plainDecimal(value)
        expect(text).toMatch(/^-?\d+(\.\d+)?$/)
        expect(text.length).toBeLessThan(512)
        expect(Number(text)).toBe(value + 0)
      }),
    )
  })
})

describe('float32Text', () => {
  test.each([
    [0.10000000149011612, '0.1'],
    [3.1415927410125732, '3.1415927'],
    [0.1, '0.1'],
    [2147483648, '2147483648'],
    [16777216, '16777216'],
    [1.401298464324817e-45, `0.${'0'.repeat(44)}1`],
    [21.123456789012, '21.123456789012'],
  ])('%s is %s', (value, text) => expect(float32Text(value)).toBe(text))

  test('reads back as the same float32, and is never longer than as a double', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const text = float32Text(value)
        expect(text).toMatch(/^-?\d+(\.\d+)?$/)
        expect(Math.fround(Number(text))).toBe(value + 0)
        expect(text.length).toBeLessThanOrEqual(plainDecimal(value).length)
      }),
    )
  })

  test('no text with fewer digits means the same float32', () => {
    const short = fc.double({ noNaN: true, min: -1e9, max: 1e9 }).map((value) => {
      const digits = 1 + (Math.abs(Math.trunc(value)) % 9)
      return Math.fround(Number(value.toPrecision(digits)))
    })
    const float = fc.float({ noNaN: true, noDefaultInfinity: true })
    const usual = fc.float({ noNaN: true, min: Math.fround(-1e7), max: Math.fround(1e7) })
    // Halfway between two decimals that both mean it.
    const halfway = fc.integer({ min: 1, max: 2 ** 24 }).map((count) => count / 4)
    const sized = fc.tuple(fc.oneof(short, usual, halfway), fc.integer({ min: -3, max: 3 }))
    const spread = sized.map(([value, power]) => Math.fround(value * 10 ** power))
    fc.assert(
      fc.property(fc.oneof(float, short, usual, halfway, spread), (value) => {
        fc.pre(!Number.isSafeInteger(value))
        const precisions = [1, 2, 3, 4, 5, 6, 7, 8, 9]
        const texts = precisions.map((precision) => Number(value.toPrecision(precision)))
        const shortest = texts.find((each) => Math.fround(each) === value)
        expect(float32Text(value)).toBe(plainDecimal(shortest ?? NaN))
      }),
      { numRuns: 3_000 },
    )
  })
})

describe('decimals', () => {
  test('a number becomes the decimal of its shortest text, and back', () => {
    fc.assert(
      fc.property(finite, (value) => {
        expect(toNumber(decimalOf(value))).toBe(value + 0)
        expect(toText(decimalOf(value))).toBe(plainDecimal(value))
      }),
    )
  })

  test('text and decimal are inverse', () => {
    fc.assert(
      fc.property(decimal, (value) => {
        const back = parseDecimal(toText(value))
        expect(back && compare(back, value)).toBe(0)
      }),
    )
  })

  test.each(['', ' ', '1e3', '0x10', '.', '+', '1.2.3', '１２', '12abc', '1_000', '1'.repeat(513)])(
    'the text %j is no decimal',
    (text) => expect(parseDecimal(text)).toBeUndefined(),
  )

  test.each(['1', '-1', '+1', '1.', '.5', '-.5', '007', '0.10'])('the text %j is one', (text) =>
    expect(parseDecimal(text)).toBeDefined(),
  )

  test('sums and products are exact', () => {
    expect(toText(add(decimalOf(0.1), decimalOf(0.2)))).toBe('0.3')
    expect(toText(multiply(decimalOf(1.1), decimalOf(1.1)))).toBe('1.21')
    fc.assert(
      fc.property(decimal, decimal, decimal, (a, b, c) => {
        const left = multiply(a, add(b, c))
        expect(compare(left, add(multiply(a, b), multiply(a, c)))).toBe(0)
      }),
    )
  })

  test.each([
    [2.5, 0, '2'],
    [3.5, 0, '4'],
    [-2.5, 0, '-2'],
    [2.675, 2, '2.68'],
    [2.665, 2, '2.66'],
    [1.005, 2, '1'],
    [0.5, 0, '0'],
    [-0.4, 0, '0'],
    [21.5, 3, '21.5'],
  ])('%s to %s places is %s', (value, places, text) =>
    expect(toText(roundHalfEven(decimalOf(value), places))).toBe(text),
  )

  test('rounding moves by at most half a unit', () => {
    fc.assert(
      fc.property(fc.bigInt(-(10n ** 12n), 10n ** 12n), fc.bigInt(1n, 10n ** 6n), (a, b) => {
        const off = a - divideHalfEven(a, b) * b
        expect(2n * (off < 0n ? -off : off) <= b).toBe(true)
        expect(divideHalfEven(-a, b)).toBe(-divideHalfEven(a, b))
        expect(divideHalfEven(a, -b)).toBe(-divideHalfEven(a, b))
      }),
    )
  })

  test('a fraction of integers that doubles hold becomes the double that division gives', () => {
    const integer = fc.integer({ min: -(2 ** 31), max: 2 ** 31 })
    fc.assert(
      fc.property(integer, integer, (a, b) => {
        fc.pre(b !== 0)
        expect(divideToNumber(BigInt(a), BigInt(b)) + 0).toBe(a / b + 0)
      }),
      { numRuns: 10_000 },
    )
    // Its first 20 digits are those of the middle between two doubles.
    expect(divideToNumber(1357646130n, -763859614n)).toBe(1357646130 / -763859614)
    expect(divideToNumber(10n ** 308n, 1n)).toBe(1e308)
    expect(divideToNumber(1n, 10n ** 300n)).toBe(1e-300)
  })

  test('an integer is found, whatever the exponent', () => {
    expect(integerOf({ digits: 1200n, exponent: -2 })).toBe(12n)
    expect(integerOf({ digits: 12n, exponent: 2 })).toBe(1200n)
    expect(integerOf({ digits: 125n, exponent: -1 })).toBeUndefined()
  })
})
