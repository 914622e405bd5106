import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  afterAnswer,
  afterBreak,
  afterCleanCycle,
  afterSilence,
  oneAtATime,
  type InFlight,
} from './depth.ts'

const minutes = (count: number) => 60_000 * count
const raised = (times: number, now = 0): InFlight =>
  Array.from({ length: times }).reduce<InFlight>(
    (state) => afterCleanCycle(state, 16, now),
    oneAtATime,
  )

describe('how many requests may be on the way', () => {
  it('doubles with each clean cycle, up to the most', () => {
    expect([0, 1, 2, 3, 4, 5].map((times) => raised(times).depth)).toEqual([1, 2, 4, 8, 16, 16])
    expect(afterCleanCycle(raised(2), 5, 0).depth).toBe(5)
    expect(afterCleanCycle(oneAtATime, 1, 0)).toBe(oneAtATime)
  })

  it('falls to one by a silence, and comes back if the request is silent by itself', () => {
    const suspect = afterSilence(raised(3), 'a', true, 0)
    expect(suspect.depth).toBe(1)
    // Others answer, and what fails meanwhile changes nothing.
    expect(afterAnswer(suspect, 'b', false, 0)).toBe(suspect)
    expect(afterSilence(suspect, 'c', true, 0)).toBe(suspect)
    expect(afterCleanCycle(suspect, 16, minutes(9))).toBe(suspect)
    const cleared = afterSilence(suspect, 'a', false, 0)
    expect(cleared.depth).toBe(8)
    // From now on its silence says nothing, until it answers.
    expect(afterSilence(cleared, 'a', true, 0)).toBe(cleared)
    expect(afterSilence(afterAnswer(cleared, 'a', true, 0), 'a', true, 0).depth).toBe(1)
  })

  it('stays at one for ten minutes if the request is answered alone, then for twice as long', () => {
    let state = raised(4)
    let now = 0
    const waits: number[] = []
    for (let time = 0; time < 12; time++) {
      state = afterAnswer(afterSilence(state, 'a', true, now), 'a', false, now)
      expect(state.depth).toBe(1)
      const since = now
      while (afterCleanCycle(state, 16, now).depth === 1) now += minutes(1)
      state = afterCleanCycle(state, 16, now)
      expect(state.depth).toBe(2)
      waits.push((now - since) / minutes(1))
    }
    expect(waits).toEqual([10, 20, 40, 80, 160, 320, 640, 1280, 1440, 1440, 1440, 1440])
  })

  it('forgets earlier troubles after as long a time without any', () => {
    let state = afterBreak(raised(4), true, 0)
    expect([state.depth, state.waitMs]).toEqual([1, minutes(20)])
    for (const at of [10, 11, 12, 13]) state = afterCleanCycle(state, 16, minutes(at))
    // It was sixteen that went wrong.
    expect([state.depth, state.waitMs]).toEqual([8, minutes(20)])
    state = afterCleanCycle(state, 16, minutes(31))
    expect([state.depth, state.waitMs]).toEqual([8, minutes(10)])
    state = afterCleanCycle(state, 16, minutes(10 + 1439))
    expect(state.depth).toBe(8)
    state = afterCleanCycle(state, 16, minutes(10 + 1440))
    expect(state.depth).toBe(16)
  })

  it('is not blamed for a break with one request on the way', () => {
    expect(afterBreak(raised(2), false, 0)).toEqual(raised(2))
  })

  it('does not wait for ever for a request that never comes again', () => {
    const suspect = afterSilence(raised(3), 'a', true, 0)
    const later = afterCleanCycle(suspect, 16, minutes(10))
    expect([later.depth, later.suspicion]).toEqual([2, undefined])
  })

  it('is always 1 … 16 and keeps little, whatever happens', () => {
    const event = fc.record({
      kind: fc.constantFrom('clean', 'answer', 'silence', 'break'),
      request: fc.nat(600),
      shared: fc.boolean(),
      laterMs: fc.nat(2e6),
    })
    fc.assert(
      fc.property(fc.array(event, { maxLength: 1000, size: 'max' }), (events) => {
        let state = oneAtATime
        let now = 0
        for (const { kind, request, shared, laterMs } of events) {
          now += laterMs
          const key = String(request)
          if (kind === 'clean') state = afterCleanCycle(state, 16, now)
          else if (kind === 'answer') state = afterAnswer(state, key, shared, now)
          else if (kind === 'silence') state = afterSilence(state, key, shared, now)
          else state = afterBreak(state, shared, now)
          expect([1, 2, 4, 8, 16]).toContain(state.depth)
          if (state.suspicion !== undefined) expect(state.depth).toBe(1)
          expect(state.silent.size).toBeLessThanOrEqual(256)
        }
      }),
      { numRuns: 50 },
    )
  })
})
