import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { shortestFloat32 } from './float32.ts'

/** What devices mostly say, which floats over their whole range seldom are. */
const common = fc
  .float({ noNaN: true, min: -(2 ** 24), max: 2 ** 24 })
  .map((float) => Math.fround(float))

describe('shortestFloat32', () => {
  it('is the same float32, in no more digits than needed', () => {
    fc.assert(
      fc.property(fc.oneof(fc.float({ noNaN: true }), common), (float) => {
        const short = shortestFloat32(float)
        expect(Math.fround(short)).toBe(float)
        const digits = [1, 2, 3, 4, 5, 6, 7, 8, 9].find(
          (count) => Math.fround(Number(float.toPrecision(count))) === float,
        )
        if (Number.isFinite(float) && !Number.isInteger(float)) {
          expect(short).toBe(Number(float.toPrecision(digits)))
        }
      }),
      { numRuns: 5000 },
    )
  })

  it.each([
    0.1, 21.5, -0.2, 1e-45, 3.4028235e38, 1e10, 0.3, 0.01, 999_999.9, 1e-5, -1234.567, 16_777_216,
    -0,
  ])('%d', (value) => {
    expect(shortestFloat32(Math.fround(value))).toBe(value)
  })
})
