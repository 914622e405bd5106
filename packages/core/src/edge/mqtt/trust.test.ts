import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createTrust } from './trust.ts'

function start(random = 0.5) {
  const changes: boolean[] = []
  const trust = createTrust({
    random: () => random,
    proveEveryMs: 60_000,
    onChange: (proven) => void changes.push(proven),
  })
  return { trust, changes }
}

test('it takes an answer to prove the way, and two misses in a row to lose it', () => {
  const { trust, changes } = start()
  expect(trust.mayProve(0)).toBe(false)
  trust.begin(0)
  expect(trust.mayProve(0)).toBe(true)
  expect(trust.mayProve(0)).toBe(false)
  trust.answered()
  expect(trust.proven).toBe(true)
  trust.missed(1)
  trust.answered()
  trust.missed(2)
  trust.unusable(3)
  trust.missed(4)
  expect(trust.proven).toBe(true)
  trust.missed(5)
  expect(trust.proven).toBe(false)
  expect(changes).toEqual([true, false])
})

test('proofs that fail come ever more rarely, up to the longest time', () => {
  const { trust } = start()
  trust.begin(0)
  const at: number[] = []
  for (let now = 0; now < 400_000; now += 100) {
    if (!trust.mayProve(now)) continue
    at.push(now)
    trust.missed(now)
  }
  const gaps = at.slice(1).map((time, i) => time - (at[i] ?? 0))
  expect(gaps.slice(0, 8)).toEqual([1, 2, 4, 8, 16, 32, 60, 60].map((s) => s * 1000))
})

test('whatever happens: proven only after an answer since the last end, one proof at a time', () => {
  const step = fc.constantFrom('begin', 'end', 'prove', 'answered', 'unusable', 'missed')
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { trust, changes } = start()
      let heard = false
      let here = false
      for (const [i, each] of steps.entries()) {
        const now = i * 100_000
        if (each === 'prove') {
          if (trust.mayProve(now)) expect(trust.mayProve(now)).toBe(false)
        } else if (each === 'begin') {
          trust.begin(now)
          here = true
          heard = false
        } else if (each === 'end') {
          trust.end()
          here = heard = false
        } else if (each === 'answered') {
          trust.answered()
          heard = here
        } else trust[each](now)
        if (trust.proven) expect(heard).toBe(true)
      }
      // Told once per change, the first being that it is proven.
      expect(changes.every((proven, i) => proven === (i % 2 === 0))).toBe(true)
      expect(trust.proven).toBe(changes.at(-1) ?? false)
    }),
  )
})
