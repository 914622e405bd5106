import { decimalOf, divideToNumber, integerValue, parseDecimal } from '@mapper-sdk/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  floorOf,
  fractionFrom,
  fractionOf,
  isLess,
  isWhole,
  negated,
  over,
  plus,
  ratioOf,
  shortRatio,
  times,
  valueOf,
  type Fraction,
  type Ratio,
} from './fraction.ts'

const edges = [0, 1, -1, 3, 10, 60, 2 ** 26, 2 ** 27 + 1, 2 ** 31, 1e8, 2 ** 52 + 1, 2 ** 53 - 1]
const integer = fc.oneof(
  fc.integer({ min: -1000, max: 1000 }),
  fc.maxSafeInteger(),
  fc.constantFrom(...edges, ...edges.map((edge) => -edge), -0),
)
const small = fc
  .tuple(
    integer,
    integer.map((bottom) => Math.abs(bottom) || 1),
  )
  .map(([top, bottom]): Ratio => ({ top, bottom }))
const large = fc
  .tuple(fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }), fc.bigInt({ min: 1n, max: 2n ** 80n }))
  .map(([top, bottom]): Ratio => ({ top, bottom }))
const ratio = fc.oneof({ arbitrary: small, weight: 4 }, { arbitrary: large, weight: 1 })

/** The same as the ratio is, by bigints alone. */
const agrees = (found: Ratio, top: bigint, bottom: bigint) =>
  expect(fractionFrom(found)).toEqual<Fraction>(
    bottom < 0n ? { top: -top, bottom: -bottom } : { top, bottom },
  )

function exactValue({ top, bottom }: Fraction): number | bigint {
  if (top % bottom === 0n && top / bottom < 2n ** 64n && top / bottom >= -(2n ** 63n)) {
    return integerValue(top / bottom)
  }
  return divideToNumber(top, bottom) + 0
}

describe('a ratio', () => {
  it('is computed with doubles exactly as with bigints', () => {
    let bySmall = 0
    fc.assert(
      fc.property(ratio, ratio, (a, b) => {
        const x = fractionFrom(a)
        const y = fractionFrom(b)
        const product = times(a, b)
        if (typeof product.top === 'number') bySmall++
        agrees(product, x.top * y.top, x.bottom * y.bottom)
        agrees(negated(a), -x.top, x.bottom)
        if (x.bottom === y.bottom) agrees(plus(a, b), x.top + y.top, x.bottom)
        else agrees(plus(a, b), x.top * y.bottom + y.top * x.bottom, x.bottom * y.bottom)
        agrees(plus(a, a), 2n * x.top, x.bottom)
        if (y.top === 0n) expect(() => over(a, b)).toThrow('divided by zero')
        else agrees(over(a, b), x.top * y.bottom, x.bottom * y.top)
        expect(isLess(a, b)).toBe(x.top * y.bottom < y.top * x.bottom)
        const below = x.top % x.bottom < 0n ? 1n : 0n
        agrees(floorOf(a), x.top / x.bottom - below, 1n)
        expect(isWhole(a)).toBe(x.top % x.bottom === 0n)
        expect(valueOf(a)).toBe(exactValue(x))
      }),
      { numRuns: 1000 },
    )
    expect(bySmall).toBeGreaterThan(100)
  })

  it('is read from a numeral as a decimal is', () => {
    const digits = fc.array(fc.constantFrom('0', '1', '5', '9', '.', '-', '+', 'e', ' '), {
      maxLength: 18,
    })
    const plain = fc
      .tuple(fc.constantFrom('', '-', '+'), fc.nat(), fc.constantFrom('', '.'), fc.nat())
      .map((parts) => parts.join(''))
    const text = fc.oneof(
      digits.map((all) => all.join('')),
      plain,
    )
    let read = 0
    fc.assert(
      fc.property(text, (one) => {
        const found = shortRatio(one)
        if (found === undefined) return
        read++
        const decimal = parseDecimal(one)
        if (decimal === undefined) throw new Error(`${one} is no numeral`)
        expect(fractionFrom(found)).toEqual(fractionFrom(fractionOf(decimal)))
      }),
      { numRuns: 1000 },
    )
    expect(read).toBeGreaterThan(100)
    expect(
      ['', '-', '.', '+.', '1.2.3', '1-', '1e5', ' 1', '1'.repeat(16)].map(shortRatio),
    ).toEqual(Array.from({ length: 9 }, () => undefined))
    expect(
      ['5.', '.5', '-0', '007'].map(
        (one) => shortRatio(one) && valueOf(shortRatio(one) ?? ratioOf(9)),
      ),
    ).toEqual([5, 0.5, 0, 7])
  })

  it('is the decimal that a number shows', () => {
    const number = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), integer)
    fc.assert(
      fc.property(number, (one) => {
        expect(fractionFrom(ratioOf(one))).toEqual(fractionFrom(fractionOf(decimalOf(one))))
      }),
    )
    expect(ratioOf(2n ** 60n)).toEqual({ top: 2n ** 60n, bottom: 1n })
  })
})
