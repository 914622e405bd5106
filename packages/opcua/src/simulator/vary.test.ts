import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createCourse, type Variation } from './vary.ts'

const range = fc
  .tuple(
    fc.double({ min: -1e6, max: 1e6, noNaN: true }),
    fc.double({ min: 0, max: 1e6, noNaN: true }),
  )
  .map(([min, width]) => ({ min, max: min + width }))

const numbers = (variation: Variation, count: number) => {
  const course = createCourse(variation)
  return Array.from({ length: count }, course)
}

it('stays in its range, whatever its shape', () => {
  const shapes = fc.constantFrom('sine' as const, 'ramp' as const, 'walk' as const)
  fc.assert(
    fc.property(
      shapes,
      range,
      fc.nat(),
      fc.integer({ min: 1, max: 5000 }),
      (shape, ends, seed, periodMs) => {
        for (const number of numbers({ shape, ...ends, seed, periodMs, everyMs: 70 }, 100)) {
          expect(number).toBeGreaterThanOrEqual(ends.min)
          expect(number).toBeLessThanOrEqual(ends.max)
        }
      },
    ),
  )
})

it('goes from end to end', () => {
  const ends = { min: 0, max: 8, periodMs: 400, everyMs: 100 }
  expect(numbers({ shape: 'ramp', ...ends }, 5)).toEqual([0, 2, 4, 6, 0])
  expect(numbers({ shape: 'sine', ...ends }, 5).map(Math.round)).toEqual([0, 4, 8, 4, 0])
})

it('walks the same way for the same seed, from the middle', () => {
  const walk = (seed: number) => numbers({ shape: 'walk', min: 0, max: 10, seed }, 20)
  expect(walk(7)).toEqual(walk(7))
  expect(walk(7)).not.toEqual(walk(8))
  expect(walk(7)[0]).toBe(5)
  expect(new Set(walk(7)).size).toBe(20)
})
