import { MapperError } from '@mapper-sdk/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { keyOf, noHoles, retryMs, triesOf, type Holes } from './holes.ts'
import {
  forgetStale,
  isHopeless,
  learn,
  nothingKnown,
  type Knowledge,
  type Lesson,
} from './knowledge.ts'
import type { TableRange } from './plan.ts'

const error = new MapperError('rejected', 'no')
const at = (address: number, count = 1): TableRange => ({ table: 'holding', address, count })
const refusal = (address: number, exception = 2): Lesson => ({
  kind: 'refused',
  at: at(address),
  exception,
  error,
})
const taught = (...lessons: Lesson[]) =>
  lessons.reduce((known, lesson) => learn(known, lesson, 0), nothingKnown)
const minutes = (count: number) => 60_000 * count

/** One read a cycle: asks what is to be asked, and is refused. Which places were asked in which cycle. */
function refusedFor(cycles: number, cycleMs: number, start: Knowledge) {
  let known = start
  const asked: string[][] = []
  for (let cycle = 1; cycle <= cycles; cycle++) {
    const now = cycle * cycleMs
    const keys = [...known.shape.holes.keys()]
    const due = triesOf(known.holes, keys, now)
    known = learn(known, { kind: 'passed over', keys: keys.filter((key) => !due.has(key)) }, now)
    for (const key of due) {
      const hole = known.holes.byKey.get(key)
      if (hole === undefined) continue
      known = learn(
        known,
        { kind: 'refused', at: hole.range, exception: hole.exception, error },
        now,
      )
    }
    asked.push([...due])
  }
  return { known, asked }
}

describe('a refused place', () => {
  it('is tried in the tenth cycle, then after twice as many', () => {
    const { asked } = refusedFor(80, 1, taught(refusal(5)))
    const cycles = asked.flatMap((keys, index) => (keys.length > 0 ? [index + 1] : []))
    expect(cycles).toEqual([10, 30, 70])
  })

  it.each([
    [2, 10],
    [4, 1],
  ])('is tried once in ten minutes at the latest, or in one (exception %i)', (exception, most) => {
    const { asked } = refusedFor(4000, 1000, taught(refusal(5, exception), refusal(5, exception)))
    const cycles = asked.flatMap((keys, index) => (keys.length > 0 ? [index + 1] : []))
    const gaps = cycles.slice(1).map((cycle, index) => cycle - (cycles[index] ?? 0))
    expect(Math.max(...gaps)).toBe(60 * most)
    // A long cycle is one try each.
    const slow = refusedFor(3, minutes(60), taught(refusal(5, exception), refusal(5, exception)))
    expect(slow.asked.map((keys) => keys.length)).toEqual([1, 1, 1])
  })

  it('of many is tried one a cycle, all in turn', () => {
    const places = Array.from({ length: 30 }, (_, index) => index)
    const { asked } = refusedFor(39, 1, taught(...places.map((place) => refusal(place))))
    expect(Math.max(...asked.map((keys) => keys.length))).toBe(1)
    expect(new Set(asked.flat()).size).toBe(30)
  })

  it('counts at the second exception 4 only', () => {
    const unsure = taught(refusal(5, 4))
    expect([...triesOf(unsure.holes, [keyOf(at(5))], 0)]).toEqual([keyOf(at(5))])
    const { known } = refusedFor(1, 1, unsure)
    expect(triesOf(known.holes, [keyOf(at(5))], 1).size).toBe(0)
    expect(learn(unsure, { kind: 'doubted', at: at(5) }, 0).shape.holes.size).toBe(0)
    expect(learn(known, { kind: 'doubted', at: at(5) }, 0)).toBe(known)
  })

  it('that is answered is none any more, and the others are tried at once, more and more', () => {
    const places = Array.from({ length: 40 }, (_, index) => index)
    let known = taught(...places.map((place) => refusal(place)))
    const tried: number[] = []
    for (let cycle = 0; known.shape.holes.size > 0 && cycle < 20; cycle++) {
      const due = triesOf(known.holes, [...known.shape.holes.keys()], minutes(10))
      tried.push(due.size)
      for (const key of due) {
        const range = known.shape.holes.get(key)
        if (range !== undefined) known = learn(known, { kind: 'answered', at: range }, 0)
      }
    }
    expect(tried.reduce((sum, each) => sum + each)).toBe(40)
    expect(tried.length).toBeLessThanOrEqual(7)
  })
})

describe('what is known', () => {
  it('is the same object if a lesson is no news, and the plan stays if it is none for it', () => {
    const known = taught(refusal(5), { kind: 'late', at: at(7) })
    expect(learn(known, { kind: 'answered', at: at(1) }, 0)).toBe(known)
    expect(learn(known, { kind: 'late', at: at(7) }, 0)).toBe(known)
    expect(learn(known, refusal(5), 0).shape).toBe(known.shape)
    expect(learn(known, { kind: 'passed over', keys: [keyOf(at(5))] }, 0).shape).toBe(known.shape)
    expect(learn(known, { kind: 'answered', at: at(5) }, 0).shape).not.toBe(known.shape)
  })

  it.each([
    [3, 1440],
    [4, 10],
  ])('of borders and lengths lasts a day, or ten minutes (exception %i)', (exception, most) => {
    const known = taught(
      { kind: 'cut', at: at(9), exception },
      { kind: 'too long', at: at(0, 64), exception },
    )
    expect([known.shape.cuts.size, known.shape.maxima.get('holding')?.count]).toEqual([1, 64])
    expect(forgetStale(known, minutes(most) - 1)).toBe(known)
    const later = forgetStale(known, minutes(most)).shape
    expect([later.cuts.size, later.maxima.size]).toEqual([0, 0])
  })

  it('of a table that refuses everything makes it wait, until anything of it is answered', () => {
    const known = taught({ kind: 'hopeless', table: 'holding' })
    expect([isHopeless(known, 'holding', 0), isHopeless(known, 'input', 0)]).toEqual([true, false])
    expect(isHopeless(known, 'holding', minutes(1))).toBe(false)
    let waited = known
    for (let cycle = 0; cycle < 9; cycle++) {
      expect(isHopeless(waited, 'holding', 0)).toBe(true)
      waited = learn(waited, { kind: 'left alone', table: 'holding' }, 0)
    }
    expect(isHopeless(waited, 'holding', 0)).toBe(false)
    expect(isHopeless(learn(known, { kind: 'answered', at: at(1) }, 0), 'holding', 0)).toBe(false)
  })

  it('of costs makes another plan only when they are far from those in use', () => {
    const inUse = { request: 125, register: 1 }
    const timed = (count: number, ms: number): Lesson => ({
      kind: 'timed',
      at: at(0, count),
      ms,
      inUse,
    })
    const lessons = (msPerRegister: number) =>
      Array.from({ length: 20 }).flatMap(() => [timed(1, 20), timed(100, 20 + 99 * msPerRegister)])
    expect(taught(...lessons(0.1)).shape).toBe(nothingKnown.shape)
    expect(taught(...lessons(2)).shape.cost?.request).toBeCloseTo(9, 0)
  })

  it('is bounded, whatever is learned', () => {
    const known = taught(
      ...Array.from({ length: 2000 }, (_, place) => refusal(place)),
      ...Array.from({ length: 600 }, (_, place): Lesson => ({
        kind: 'cut',
        at: at(place),
        exception: 2,
      })),
    )
    expect(known.holes.byKey.size).toBe(1000)
    expect(known.shape.holes.size).toBe(1000)
    expect(known.shape.cuts.size).toBe(256)
    // What was learned last is what counts.
    expect(known.shape.holes.has(keyOf(at(1999)))).toBe(true)
  })

  it('names as holes exactly what will be tried again', () => {
    const place = fc.nat(6)
    const lesson = fc.oneof(
      fc.record({ kind: fc.constant('answered' as const), at: place.map((one) => at(one)) }),
      fc.record({ kind: fc.constant('doubted' as const), at: place.map((one) => at(one)) }),
      fc.tuple(place, fc.constantFrom(2, 3, 4)).map(([one, code]) => refusal(one, code)),
      place.map((one): Lesson => ({ kind: 'passed over', keys: [keyOf(at(one))] })),
    )
    fc.assert(
      fc.property(fc.array(lesson, { maxLength: 40 }), (lessons) => {
        const { holes, shape } = taught(...lessons)
        expect([...shape.holes.keys()].sort()).toEqual([...holes.byKey.keys()].sort())
        const keys = [...shape.holes.keys()]
        const late: Holes = { ...holes, tries: 64 }
        expect(triesOf(late, keys, retryMs(2)).size).toBe(keys.length)
      }),
    )
    expect(noHoles.byKey.size).toBe(0)
  })
})
