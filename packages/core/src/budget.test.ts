import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createBudget } from './budget.ts'

const limits = { callsPerSecond: 1, burst: 10, twinsPerSecond: 30, twinsPerCall: 1_000 }

describe('the budget', () => {
  it('lets the burst go at once, then one call a second', () => {
    const budget = createBudget(limits, 0)
    const taken = Array.from({ length: 20 }, () => budget.take(0, 0)).filter(Boolean)
    expect(taken).toHaveLength(10)
    expect(budget.readyAt(0, 0)).toBe(1_000)
    expect(budget.take(0, 999)).toBe(false)
    expect(budget.take(0, 1_000)).toBe(true)
  })

  it('never lets more go than burst and rate allow, whatever the calls', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ wait: fc.nat(5_000), twins: fc.nat(100) }), { maxLength: 200 }),
        (steps) => {
          const budget = createBudget(limits, 0)
          let now = 0
          let calls = 0
          let twins = 0
          for (const step of steps) {
            now += step.wait
            if (budget.take(step.twins, now)) {
              calls++
              twins += step.twins
            }
            expect(calls).toBeLessThanOrEqual(10 + now / 1_000 + 1e-6)
            expect(twins).toBeLessThanOrEqual(60 + (now / 1_000) * 30 + 1e-6)
          }
        },
      ),
    )
  })

  it('is ready when it says so', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.nat(60), (first, second) => {
        const budget = createBudget(limits, 0)
        budget.take(first, 0)
        const at = budget.readyAt(second, 0)
        expect(budget.take(second, at)).toBe(true)
      }),
    )
  })

  it('halves on a refusal, down to a floor, and comes back', () => {
    const budget = createBudget(limits, 0)
    budget.throttled(0)
    expect(budget.rate()).toBe(0.5)
    expect(budget.take(0, 0)).toBe(false)
    for (let i = 0; i < 20; i++) budget.throttled(0)
    expect(budget.rate()).toBeCloseTo(1 / 16)
    for (let i = 0; i < 100; i++) budget.accepted()
    expect(budget.rate()).toBe(1)
  })

  it('finds out that there is a limit where none was thought of', () => {
    const none = { callsPerSecond: Infinity, burst: Infinity, twinsPerSecond: Infinity }
    const budget = createBudget({ ...none, twinsPerCall: Infinity }, 0)
    budget.take(1, 0)
    budget.throttled(0)
    expect(budget.take(1, 0)).toBe(false)
    expect(budget.readyAt(1, 0)).toBe(200)
    for (let calls = 0; calls < 1_000; calls++) budget.accepted()
    expect(budget.rate()).toBe(10)
  })

  it('knows no limit where there is none', () => {
    const free = {
      callsPerSecond: Infinity,
      burst: Infinity,
      twinsPerSecond: Infinity,
      twinsPerCall: 500,
    }
    const budget = createBudget(free, 0)
    for (let i = 0; i < 1_000; i++) expect(budget.take(500, 0)).toBe(true)
    expect(budget.twins(0)).toBe(500)
    budget.throttled(0)
    expect(budget.take(1, 1_000)).toBe(true)
  })
})
