import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { costOfPace, differs, timed, type Pace } from './pace.ts'

const paceOf = (times: readonly (readonly [registers: number, ms: number])[]) =>
  times.reduce<Pace>((pace, [registers, ms]) => timed(pace, registers, ms), {})
/** Requests of a device that takes so long for each request and each register. */
const requests = (requestMs: number, registerMs: number, lengths = [1, 100], times = 20) =>
  Array.from({ length: times }).flatMap(() =>
    lengths.map((registers) => [registers, requestMs + registerMs * registers] as const),
  )

describe('what a request costs', () => {
  it('over a network follows from how much longer a long one takes', () => {
    expect(costOfPace(paceOf(requests(20, 2)))?.request).toBeCloseTo(10)
    expect(costOfPace(paceOf(requests(5, 5)))?.request).toBeCloseTo(1)
  })

  it('is worth any register where length takes no time', () => {
    expect(costOfPace(paceOf(requests(20, 0)))).toEqual({ request: 125, register: 1 })
    expect(costOfPace(paceOf(requests(20, -0.1)))).toEqual({ request: 125, register: 1 })
  })

  it('is not known from a few requests, or from those of one length', () => {
    expect(costOfPace(paceOf(requests(20, 2, [1, 100], 7)))).toBeUndefined()
    expect(costOfPace(paceOf(requests(20, 2, [1])))).toBeUndefined()
    expect(costOfPace(paceOf(requests(20, 2, [1, 30])))).toBeUndefined()
  })

  it('on a serial line follows from any length, and is never less than its frames take', () => {
    const line = { registerMs: 2, leastMs: 20 }
    expect(costOfPace(paceOf(requests(40, 2, [10])), line)?.request).toBeCloseTo(20)
    expect(costOfPace(paceOf(requests(40, 2, [100])), line)?.request).toBeCloseTo(20)
    expect(costOfPace(paceOf(requests(1, 0, [100])), line)?.request).toBe(10)
  })

  it('hardly moves by single odd times, and follows a lasting change', () => {
    const before = paceOf(requests(20, 2, [1, 100], 100))
    const odd = paceOf([...requests(20, 2, [1, 100], 100), [1, 9000], [100, 9000], [1, 0.1]])
    const [was, is] = [costOfPace(before), costOfPace(odd)]
    expect(was && is && differs(is, was)).toBe(false)
    const slower = requests(200, 2, [1, 100], 60).reduce<Pace>(
      (pace, [registers, ms]) => timed(pace, registers, ms),
      before,
    )
    expect(costOfPace(slower)?.request).toBeGreaterThan(80)
  })

  it('is always a cost that can be planned with', () => {
    const time = fc.tuple(
      fc.integer({ min: 1, max: 125 }),
      fc.double({ min: 0, max: 1e5, noNaN: true }),
    )
    fc.assert(
      fc.property(fc.array(time, { maxLength: 60 }), fc.boolean(), (times, isSerial) => {
        const line = isSerial ? { registerMs: 2, leastMs: 20 } : undefined
        const cost = costOfPace(paceOf(times), line)
        if (cost === undefined) return
        expect(cost.register).toBe(1)
        expect(cost.request).toBeGreaterThanOrEqual(1)
        expect(cost.request).toBeLessThanOrEqual(125)
      }),
    )
  })

  it('makes another plan only if it is far from the one in use', () => {
    const cost = (request: number) => ({ request, register: 1 })
    expect([14, 20, 29].map((request) => differs(cost(request), cost(20)))).toEqual([
      false,
      false,
      false,
    ])
    expect([13, 31].map((request) => differs(cost(request), cost(20)))).toEqual([true, true])
  })
})
