import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bitsOfFloat16, float16Of, shortestFloat16 } from './float16.ts'

const all = Array.from({ length: 0x1_0000 }, (_, bits) => bits)
const finite = all.map(float16Of).filter(Number.isFinite)
const ascending = [...new Set(finite)].sort((a, b) => a - b)

describe('float16', () => {
  it.each([
    [0x0000, 0],
    [0x8000, -0],
    [0x0001, 2 ** -24],
    [0x03ff, 1023 * 2 ** -24],
    [0x0400, 2 ** -14],
    [0x3555, 0.333251953125],
    [0x3c00, 1],
    [0x3c01, 1 + 2 ** -10],
    [0xc000, -2],
    [0x7bff, 65_504],
    [0x7c00, Infinity],
    [0xfc00, -Infinity],
    [0x7e00, NaN],
    [0xfc01, NaN],
  ])('%d means %d', (bits, number) => expect(float16Of(bits)).toBe(number))

  it('keeps every number that it has, also in its shortest decimal', () => {
    const changed = all.filter((bits) => {
      const number = float16Of(bits)
      if (Number.isNaN(number)) return false
      return bitsOfFloat16(number) !== bits || bitsOfFloat16(shortestFloat16(number)) !== bits
    })
    expect(changed).toEqual([])
  })

  it('has decimals that nobody could write shorter', () => {
    const digits = (number: number) => number.toExponential().replace(/e.*|[-.]/g, '').length
    const longer = finite.filter((number) => {
      if (Number.isInteger(number)) return shortestFloat16(number) !== number
      const fewer = digits(shortestFloat16(number)) - 1
      if (fewer === 0) return false
      const short = Number(number.toPrecision(fewer))
      return bitsOfFloat16(short) === bitsOfFloat16(number)
    })
    expect(longer).toEqual([])
    expect(shortestFloat16(float16Of(0x2e66))).toBe(0.1)
  })

  it('takes the nearest, and of two the one with an even last bit', () => {
    const numbers = fc.oneof(
      fc.double({ min: -65_519, max: 65_519, noNaN: true }),
      fc.double({ min: -0.0001, max: 0.0001, noNaN: true }),
      fc
        .nat(ascending.length - 2)
        .map((at) => ((ascending[at] ?? 0) + (ascending[at + 1] ?? 0)) / 2),
    )
    fc.assert(
      fc.property(numbers, (number) => {
        const taken = bitsOfFloat16(number)
        const found = float16Of(taken)
        const distance = Math.abs(found - number)
        for (const neighbour of [taken - 1, taken + 1]) {
          const other = Math.abs(float16Of(neighbour & 0xffff) - number)
          if (!Number.isFinite(other)) continue
          expect(other).toBeGreaterThanOrEqual(distance)
          if (other === distance && distance > 0) expect(taken & 1).toBe(0)
        }
      }),
      { numRuns: 3000 },
    )
    expect(bitsOfFloat16(65_519.99)).toBe(0x7bff)
    expect(bitsOfFloat16(65_520)).toBe(0x7c00)
    expect(bitsOfFloat16(-1e300)).toBe(0xfc00)
  })
})
