import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cycleMs } from './cycle.ts'

test.each([
  [0, 1000],
  [-0, 1000],
  [10, 10],
  [250, 250],
  [99_999_999, 99_999_999],
])('%s is %s ms without a word', (raw, ms) => expect(cycleMs(raw)).toEqual({ ms }))

test.each([
  [NaN, 1000, /not a cycle/],
  [-1, 1000, /-1 is not a cycle/],
  [Infinity, 1000, /not a cycle/],
  [1, 10, /below the shortest/],
  [0.5, 10, /below the shortest/],
  [1e8, 100, /nanoseconds/],
  [10_000_000_000, 10_000, /10000000000 is taken as nanoseconds; write milliseconds/],
  [1e12, 1_000_000, /nanoseconds/],
  [9e18, 2 ** 31 - 1, /nanoseconds.*beyond the longest/],
])('%s is %s ms, with a problem', (raw, ms, problem) => {
  const cycle = cycleMs(raw)
  expect(cycle.ms).toBe(ms)
  expect(cycle.problem).toMatch(problem)
})

test('the unit can be fixed', () => {
  expect(cycleMs(1e9, { unit: 'ms' })).toEqual({ ms: 1e9 })
  expect(cycleMs(5_000_000_000, { unit: 'ns' })).toEqual({ ms: 5000 })
  expect(cycleMs(1e12, { unit: 'ms' })).toMatchObject({ ms: 2 ** 31 - 1 })
  expect(cycleMs(50, { minimumMs: 100 })).toMatchObject({ ms: 100 })
})

test('whatever comes, a timer can take it', () => {
  fc.assert(
    fc.property(fc.double(), fc.constantFrom('auto', 'ms', 'ns'), (raw, unit) => {
      const { ms } = cycleMs(raw, { unit })
      expect(ms).toBeGreaterThanOrEqual(10)
      expect(ms).toBeLessThanOrEqual(2 ** 31 - 1)
    }),
  )
})
