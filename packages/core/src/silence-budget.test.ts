import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSilenceBudget } from './silence-budget.ts'

describe('the budget for silence', () => {
  it('does not hold back a device that has nobody to hold up', () => {
    const budget = createSilenceBudget(() => 0.5)
    budget.answered('n/a', 0)
    budget.silent('n/a', 1_000, 1_000)
    expect(budget.claim('n/a', 1_001)).toBe(true)
  })

  it('holds silent devices back for the sake of those that answer, until these are gone', () => {
    const budget = createSilenceBudget(() => 0.5)
    budget.answered('n/alive', 0)
    budget.silent('n/dead', 1_000, 1_000)
    expect(budget.claim('n/dead', 24_999)).toBe(false)
    expect(budget.claim('n/dead', 25_000)).toBe(true)
    budget.silent('n/dead', 26_000, 1_000)
    expect(budget.claim('n/dead', 26_001)).toBe(false)
    budget.forget('n/alive')
    expect(budget.claim('n/dead', 26_001)).toBe(true)
  })

  it('lets one silent device be asked at a time', () => {
    const budget = createSilenceBudget(() => 0.5)
    budget.answered('n/alive', 0)
    expect([budget.claim('n/a', 1), budget.claim('n/b', 1)]).toEqual([true, false])
    budget.failed('n/a')
    expect([budget.claim('n/a', 2), budget.claim('n/b', 2), budget.claim('n/a', 2)]).toEqual([
      false,
      true,
      false,
    ])
    budget.forget('n/b')
    expect(budget.claim('n/a', 3)).toBe(true)
    budget.answered('n/a', 4)
    expect(budget.claim('n/b', 5)).toBe(true)
  })

  it('never lets silence take more than its share, however many are silent', () => {
    const costs = fc.array(fc.integer({ min: 10, max: 2_000 }), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(costs, fc.integer({ min: 1, max: 999 }), (costs, seed) => {
        let state = seed
        const random = () => (state = (state * 16807) % 2147483647) / 2147483647
        const budget = createSilenceBudget(random)
        const minutes = 240
        let spent = 0
        for (let now = 0; now < minutes * 60_000; now += 500) {
          budget.answered('n/alive', now)
          costs.forEach((cost, index) => {
            const device = `n/dead-${index}`
            if (!budget.claim(device, now)) return
            spent += cost
            budget.silent(device, now, cost)
          })
        }
        expect(spent / (minutes * 60_000)).toBeLessThan(0.05)
      }),
      { numRuns: 20 },
    )
  })

  it('gives every silent device its turn', () => {
    let state = 7
    const random = () => (state = (state * 16807) % 2147483647) / 2147483647
    const budget = createSilenceBudget(random)
    const probes = [0, 0, 0, 0, 0]
    for (let now = 0; now < 3_600_000; now += 100) {
      budget.answered('n/alive', now)
      // Each asks once a second, at its own phase.
      const index = (now / 100) % 10
      if (index < 5 && budget.claim(`n/${index}`, now)) {
        probes[index] = (probes[index] ?? 0) + 1
        budget.silent(`n/${index}`, now, 200)
      }
    }
    expect(Math.min(...probes)).toBeGreaterThan(30)
  })
})
