import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createCourse } from './course.ts'
import type { Vary } from './simulator-script.ts'

const range = fc
  .tuple(fc.integer({ min: -1000, max: 1000 }), fc.integer({ min: 1, max: 1000 }))
  .map(([minimum, width]) => ({ minimum, maximum: minimum + width }))

const run = (vary: Vary, type: 'number' | 'integer', count: number, start = 0) => {
  const course = createCourse(vary, type, 1)
  let now: unknown = start
  return Array.from({ length: count }, () => (now = course(now as number, () => 10)))
}

describe('a course', () => {
  it('stays within its range, with its decimals, whatever the state was set to', () => {
    const shape = fc.constantFrom('walk', 'sine', 'ramp')
    const decimals = fc.integer({ min: 0, max: 3 })
    fc.assert(
      fc.property(
        shape,
        range,
        decimals,
        fc.integer(),
        (name, { minimum, maximum }, places, start) => {
          const vary = { shape: name, minimum, maximum, decimals: places } as Vary
          for (const value of run(vary, 'number', 30, start) as number[]) {
            expect(value).toBeGreaterThanOrEqual(minimum)
            expect(value).toBeLessThanOrEqual(maximum)
            expect(Number(value.toFixed(places))).toBe(value)
          }
          for (const value of run(vary, 'integer', 5, start))
            expect(Number.isInteger(value)).toBe(true)
        },
      ),
      { numRuns: 50 },
    )
  })

  it('walks on from where the state is, the same way each time', () => {
    const vary: Vary = { shape: 'walk', minimum: 0, maximum: 100, step: 1 }
    const course = createCourse(vary, 'number', 7)
    expect(Math.abs((course(50, () => 0) as number) - 50)).toBeLessThanOrEqual(1)
    expect(Math.abs((course(80, () => 0) as number) - 80)).toBeLessThanOrEqual(1)
    expect(run(vary, 'number', 20, 50)).toEqual(run(vary, 'number', 20, 50))
    expect(new Set(run(vary, 'number', 20, 50)).size).toBeGreaterThan(10)
  })

  it('goes through its period, follows its target, and cycles', () => {
    const period = { minimum: 0, maximum: 8, periodMs: 4000, everyMs: 1000 }
    expect(run({ shape: 'ramp', ...period }, 'number', 5)).toEqual([2, 4, 6, 0, 2])
    expect(run({ shape: 'sine', ...period }, 'number', 5)).toEqual([4, 8, 4, 0, 4])
    const follow: Vary = { shape: 'follow', target: 'b', step: 4 }
    expect(run(follow, 'number', 4)).toEqual([4, 8, 10, 10])
    expect(run(follow, 'number', 3, 16)).toEqual([12, 10, 10])
    const fine: Vary = { shape: 'follow', target: 'b', step: 0.1 }
    expect(run(fine, 'number', 3, 0)).toEqual([0.1, 0.2, 0.3])
    const cycle: Vary = { shape: 'cycle', values: ['a', 'b'] }
    expect(run(cycle, 'number', 3)).toEqual(['b', 'a', 'b'])
  })
})
