import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { datagramIds, restMs } from './datagram-ids.ts'

describe('ids of datagrams', () => {
  it('go round without 0, and wait when all were used within a minute', () => {
    const ids = datagramIds(new Set())
    const taken = Array.from({ length: 65_535 }, () => ids.take(1000))
    expect(new Set(taken).size).toBe(65_535)
    expect([Math.min(...taken.map(Number)), Math.max(...taken.map(Number))]).toEqual([1, 65_535])
    expect(ids.take(1000)).toBeUndefined()
    expect(ids.freeAt()).toBe(1000 + restMs)
    expect(ids.take(ids.freeAt() - 1)).toBeUndefined()
    expect(ids.take(ids.freeAt())).toBe(1)
  })

  it('are never used while their call is open or within a minute of its end', () => {
    const step = fc.record({
      // How many calls begin, how long time stands still after each, and which open ones end then.
      begin: fc.integer({ min: 1, max: 9000 }),
      pauseMs: fc.constantFrom(0, 1, 500, 20_000, restMs - 1, restMs, 10 * restMs),
      keep: fc.nat(16),
      end: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const open = new Set<number>()
        const endedAt = new Map<number, number>()
        const ids = datagramIds(open)
        let now = 0
        for (const { begin, pauseMs, keep, end } of steps) {
          for (let at = 0; at < begin; at++) {
            const id = ids.take(now)
            if (id === undefined) {
              expect(ids.freeAt()).toBeGreaterThan(now)
              break
            }
            if (open.has(id) || now - (endedAt.get(id) ?? -Infinity) < restMs) {
              throw new Error(`id ${id} at ${now}, ended at ${endedAt.get(id)}`)
            }
            open.add(id)
            if (open.size <= keep) continue
            open.delete(id)
            endedAt.set(id, now)
            ids.release(id, now)
          }
          now += pauseMs
          for (const id of end ? open : []) {
            open.delete(id)
            endedAt.set(id, now)
            ids.release(id, now)
          }
        }
      }),
      { numRuns: 60 },
    )
  })
})
