import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { patienceOf, probeMs } from './patience.ts'

describe('patience with a unit', () => {
  it('is what the configuration says, until a read was met with silence and others are known', () => {
    const memory = new Map<string, unknown>()
    const one = patienceOf(1, memory)
    expect(one.waitMs(1_000)).toBe(1_000)
    one.silent()
    expect(one.waitMs(1_000)).toBe(1_000)
    patienceOf(2, memory).answered(40)
    expect(one.waitMs(1_000)).toBe(160)
    expect(patienceOf(2, memory).waitMs(1_000)).toBe(1_000)
  })

  it('is full again after an answer, and now and then in between', () => {
    const memory = new Map<string, unknown>()
    const one = patienceOf(1, memory)
    patienceOf(2, memory).answered(40)
    const waits: number[] = []
    for (let silence = 0; silence < 17; silence++) {
      waits.push(one.waitMs(1_000))
      one.silent()
    }
    const full = waits.flatMap((ms, index) => (ms === 1_000 ? [index] : []))
    expect(full).toEqual([0, 8, 16])
    one.answered(50)
    expect(one.waitMs(1_000)).toBe(1_000)
  })

  it('remembers the slowest answer, and forgets it slowly', () => {
    const memory = new Map<string, unknown>()
    const [one, two] = [patienceOf(1, memory), patienceOf(2, memory)]
    one.silent()
    two.answered(200)
    for (let answer = 0; answer < 20; answer++) two.answered(20)
    expect(one.waitMs(5_000)).toBeGreaterThan(500)
    for (let answer = 0; answer < 1_000; answer++) two.answered(20)
    expect(one.waitMs(5_000)).toBe(100)
  })

  it('is never longer than configured, never shorter than an answer takes', () => {
    const ms = fc.integer({ min: 1, max: 60_000 })
    fc.assert(
      fc.property(ms, fc.nat(100), ms, (timeoutMs, silences, slowestMs) => {
        const wait = probeMs(timeoutMs, silences, slowestMs)
        expect(wait).toBeLessThanOrEqual(timeoutMs)
        expect(wait).toBeGreaterThanOrEqual(Math.min(timeoutMs, slowestMs))
      }),
    )
  })
})
