import { createManualClock } from '@mapper-sdk/core/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createLimiter } from './limiter.ts'

test('EdgeCore takes 100 calls at once, then one a second', async () => {
  const clock = createManualClock()
  const limiter = createLimiter({ perSecond: 1, burst: 100 }, clock)
  const taken = (calls: number) => Array.from({ length: calls }, () => limiter.take())
  expect(taken(150).filter(Boolean)).toHaveLength(100)
  expect(limiter.waitMs()).toBe(1000)
  await clock.advance(5000)
  expect(taken(20).filter(Boolean)).toHaveLength(5)
})

test('never more than the burst and the rate allow, and waitMs is long enough', async () => {
  const steps = fc.array(fc.record({ ms: fc.integer({ min: 0, max: 3000 }), calls: fc.nat(5) }), {
    maxLength: 50,
  })
  const rates = fc.record({
    perSecond: fc.integer({ min: 1, max: 50 }),
    burst: fc.integer({ min: 1, max: 20 }),
  })
  await fc.assert(
    fc.asyncProperty(rates, steps, async (rate, parts) => {
      const clock = createManualClock()
      const limiter = createLimiter(rate, clock)
      let [taken, elapsed] = [0, 0]
      for (const { ms, calls } of parts) {
        await clock.advance(ms)
        elapsed += ms
        for (let call = 0; call < calls; call++) if (limiter.take()) taken++
        expect(taken).toBeLessThanOrEqual(rate.burst + (elapsed / 1000) * rate.perSecond + 1e-6)
      }
      const wait = limiter.waitMs()
      await clock.advance(wait)
      expect(limiter.take()).toBe(true)
    }),
  )
})

test('without a limit everything is taken', () => {
  const limiter = createLimiter('off', createManualClock())
  expect(Array.from({ length: 1000 }, () => limiter.take()).every(Boolean)).toBe(true)
})
