import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createSchedule, phaseOf } from './schedule.ts'

interface Entry {
  readonly id: number
}

/** The same rules, written down without a heap. */
function createModel() {
  const entries = new Map<Entry, { period: number; first: number; order: number; at: number }>()
  let added = 0
  const sorted = () => [...entries].sort(([, a], [, b]) => a.at - b.at || a.order - b.order)
  return {
    add(entry: Entry, period: number, now: number, phase: number) {
      const first = now + phase
      entries.set(entry, { period, first, order: added++, at: first })
    },
    delete: (entry: Entry) => entries.delete(entry),
    next: () => sorted()[0]?.[1].at,
    due(now: number) {
      const due = sorted().filter(([, { at }]) => at <= now)
      for (const [, item] of due) {
        for (let count = 0; item.at <= now; count++) item.at = item.first + count * item.period
      }
      return due.map(([entry]) => entry)
    },
    get size() {
      return entries.size
    },
  }
}

const action = fc.oneof(
  fc.record({
    do: fc.constant('add' as const),
    id: fc.nat(7),
    period: fc.integer({ min: 1, max: 50 }),
    phase: fc.nat(60),
  }),
  fc.record({ do: fc.constant('delete' as const), id: fc.nat(7) }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.nat(120) }),
)

describe('a schedule', () => {
  test('does what the naive one does', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const schedule = createSchedule<Entry>()
        const model = createModel()
        const entries = Array.from({ length: 8 }, (_, id) => ({ id }))
        let now = 1000
        for (const step of actions) {
          if (step.do === 'wait') {
            now += step.ms
            expect(schedule.due(now)).toEqual(model.due(now))
            expect(schedule.due(now)).toEqual([])
          } else {
            const entry = entries[step.id] as Entry
            if (step.do === 'delete') expect(schedule.delete(entry)).toBe(model.delete(entry))
            else {
              schedule.add(entry, step.period, now, step.phase)
              model.add(entry, step.period, now, step.phase)
            }
          }
          expect(schedule.next()).toBe(model.next())
          expect(schedule.size).toBe(model.size)
        }
      }),
      { numRuns: 500 },
    )
  })

  test('neither drifts nor bursts nor starves, however late it is looked at', () => {
    const late = fc.oneof(fc.nat(5), fc.nat(300), fc.constant(12 * 3_600_000))
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 10, max: 5000 }), { minLength: 1, maxLength: 20 }),
        fc.array(late, { minLength: 1, maxLength: 40 }),
        (periods, delays) => {
          const schedule = createSchedule<{ period: number; first: number }>()
          const entries = periods.map((period, first) => ({ period, first }))
          for (const entry of entries) schedule.add(entry, entry.period, 0, entry.first)
          for (const delay of delays) {
            const now = (schedule.next() ?? 0) + delay
            const due = schedule.due(now)
            expect(new Set(due).size).toBe(due.length)
            const next = schedule.next() ?? 0
            expect(next).toBeGreaterThan(now)
            expect(entries.some(({ period, first }) => (next - first) % period === 0)).toBe(true)
            expect(next - now).toBeLessThanOrEqual(Math.max(...periods, 20))
          }
        },
      ),
    )
  })

  test('keeps the exact rate over years with a period that binary cannot hold', () => {
    const schedule = createSchedule<object>()
    schedule.add({}, 33.3, 0)
    let now = 0
    let runs = 0
    for (let count = 0; count < 100_000; count++) {
      now = schedule.next() ?? NaN
      runs += schedule.due(now).length
    }
    expect(runs).toBe(100_000)
    expect(now).toBe(99_999 * 33.3)
    schedule.due(1e12)
    expect(schedule.next()).toBeGreaterThan(1e12)
    expect(schedule.next()).toBeLessThan(1e12 + 34)
  })

  test('a jump of twelve hours makes everything due once', () => {
    const schedule = createSchedule<object>()
    for (let index = 0; index < 100; index++) schedule.add({}, 10 + index, 0, index)
    expect(schedule.due(12 * 3_600_000)).toHaveLength(100)
    expect(schedule.due(12 * 3_600_000)).toHaveLength(0)
  })

  test('an entry may leave while others are due, and come again', () => {
    const schedule = createSchedule<Entry>()
    const [a, b] = [{ id: 1 }, { id: 2 }]
    schedule.add(a, 10, 0)
    schedule.add(b, 10, 0)
    expect(schedule.delete(a)).toBe(true)
    expect(schedule.delete(a)).toBe(false)
    expect(schedule.due(0)).toEqual([b])
    schedule.add(b, 20, 5)
    expect(schedule.size).toBe(1)
    expect(schedule.next()).toBe(5)
  })

  test.each([0, -1, NaN, Infinity, 0.5])('a period of %s ms is a bug of the caller', (period) =>
    expect(() => createSchedule<object>().add({}, period, 0)).toThrow('[internal]'),
  )

  test('holds a hundred thousand entries', () => {
    const schedule = createSchedule<Entry>()
    const entries = Array.from({ length: 100_000 }, (_, id) => ({ id }))
    for (const entry of entries) schedule.add(entry, 1000, 0, phaseOf(`ns/d-${entry.id}`, 1000))
    let count = 0
    for (let now = 0; now < 3000; now += 10) count += schedule.due(now).length
    expect(count).toBeGreaterThanOrEqual(299_000)
    expect(count).toBeLessThanOrEqual(300_000)
    for (const entry of entries) schedule.delete(entry)
    expect(schedule.size).toBe(0)
    expect(schedule.next()).toBeUndefined()
  })
})

describe('phaseOf', () => {
  test('lies within the period and is always the same', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 10, max: 2 ** 31 - 1 }), (id, period) => {
        const phase = phaseOf(id, period)
        expect(phase).toBe(phaseOf(id, period))
        expect(phase).toBeGreaterThanOrEqual(0)
        expect(phase).toBeLessThan(period)
      }),
    )
  })

  test('spreads devices that are numbered through', () => {
    const counts = Array.from({ length: 10 }, () => 0)
    for (let index = 0; index < 10_000; index++) {
      const bin = phaseOf(`default/meter-${index}`, 10)
      counts[bin] = (counts[bin] ?? 0) + 1
    }
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150)
  })
})
