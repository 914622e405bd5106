import { MapperError } from '@mapper-sdk/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findRanges, type AddressRange } from './find-ranges.ts'

/** A device: which addresses are there, where no request may cross, how many it answers at once. */
interface Registers {
  readonly good: ReadonlySet<number>
  readonly seams: ReadonlySet<number>
  readonly limit: number
}

/** As a device decides it: all addresses there, no seam inside, not too many. */
const answers = ({ good, seams, limit }: Registers, address: number, count: number) => {
  if (count > limit) return false
  for (let at = address; at < address + count; at++) {
    if (!good.has(at) || (at > address && seams.has(at))) return false
  }
  return true
}

/** What can be read from `from` to `to`, found by looking at the map itself, as runs of touching ranges. */
function truth({ good, seams, limit }: Registers, from: number, to: number): AddressRange[][] {
  const runs: AddressRange[][] = []
  for (let at = from; at <= to; at++) {
    if (!good.has(at)) continue
    const run = at > from && good.has(at - 1) ? runs.at(-1) : undefined
    const last = run?.at(-1)
    if (run === undefined || last === undefined) runs.push([{ from: at, to: at }])
    else if (seams.has(at) || limit === 1) run.push({ from: at, to: at })
    else run[run.length - 1] = { from: last.from, to: at }
  }
  return runs
}

async function find(map: Registers, search: AddressRange & { step: number; most: number }) {
  const ranges: AddressRange[] = []
  const requests: (readonly [number, number])[] = []
  await findRanges({
    ...search,
    readable: async (address, count) => {
      requests.push([address, count])
      return answers(map, address, count)
    },
    onRange: (range, complete) => {
      expect(complete).toBe(true)
      ranges.push(range)
    },
  })
  return { ranges: ranges.sort((a, b) => a.from - b.from), requests }
}

const maps = fc.record({
  good: fc
    .array(fc.tuple(fc.integer({ min: 0, max: 700 }), fc.integer({ min: 1, max: 300 })), {
      maxLength: 8,
    })
    .map(
      (blocks) =>
        new Set(blocks.flatMap(([at, count]) => Array.from({ length: count }, (_, i) => at + i))),
    ),
  seams: fc
    .array(fc.integer({ min: 0, max: 1000 }), { maxLength: 6 })
    .map((all) => new Set<number>(all)),
  limit: fc.oneof(fc.integer({ min: 1, max: 125 }), fc.constant(2000)),
})
const searches = fc
  .record({
    from: fc.integer({ min: 0, max: 600 }),
    length: fc.integer({ min: 1, max: 500 }),
    step: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 40 })),
    most: fc.constantFrom(1, 2, 7, 125, 2000),
  })
  .map(({ from, length, ...more }) => ({ from, to: from + length - 1, ...more }))

describe('findRanges', () => {
  it('finds exactly the ranges that an address it tries is in, or touches', async () => {
    await fc.assert(
      fc.asyncProperty(maps, searches, async (map, search) => {
        const { from, to, step, most } = search
        const tried = (at: number) => at === from || at % step === 0
        const runs = truth({ ...map, limit: Math.min(map.limit, most) }, from, to)
        const expected = runs.filter((run) =>
          run.some((range) => {
            for (let at = range.from; at <= range.to; at++) if (tried(at)) return true
            return false
          }),
        )
        expect((await find(map, search)).ranges).toEqual(expected.flat())
      }),
      { numRuns: 300 },
    )
  })

  it('misses no range that is as long as its step', async () => {
    await fc.assert(
      fc.asyncProperty(maps, searches, async ({ good }, search) => {
        const plain = { good, seams: new Set<number>(), limit: 2000 }
        const most = Math.max(2, search.most)
        const { ranges } = await find(plain, { ...search, most })
        const long = truth(plain, search.from, search.to)
          .flat()
          .filter((range) => range.to - range.from + 1 >= search.step)
        expect(ranges).toEqual(expect.arrayContaining(long))
      }),
    )
  })

  it('asks for nothing outside, never for more than may be asked, and not often', async () => {
    await fc.assert(
      fc.asyncProperty(maps, searches, async (map, search) => {
        const { from, to, step, most } = search
        const { ranges, requests } = await find(map, search)
        for (const [address, count] of requests) {
          expect(address).toBeGreaterThanOrEqual(from)
          expect(address + count - 1).toBeLessThanOrEqual(to)
          expect(count).toBeLessThanOrEqual(most)
          expect(count).toBeGreaterThan(0)
        }
        const halvings = (size: number) => Math.ceil(Math.log2(size + 1)) + 1
        const atOnce = Math.max(1, Math.min(most, map.limit) - 1)
        const tries = Math.floor(to / step) - Math.floor(from / step) + 1
        const measured = ranges.map(
          ({ from: start, to: end }) =>
            halvings(step) + halvings(most) + 5 + Math.ceil((end - start + 1) / atOnce),
        )
        // The length that a device takes is found out once.
        const bound = measured.reduce((sum, each) => sum + each, tries + 2 * halvings(most))
        expect(requests.length).toBeLessThanOrEqual(bound)
      }),
      { numRuns: 300 },
    )
  })

  it('reads a dense table with a handful of requests', async () => {
    const good = new Set(Array.from({ length: 1000 }, (_, at) => at))
    const map = { good, seams: new Set<number>(), limit: 125 }
    const { ranges, requests } = await find(map, { from: 0, to: 9999, step: 10, most: 125 })
    expect(ranges).toEqual([{ from: 0, to: 999 }])
    // 900 addresses are tried behind the range.
    expect(requests.length - 900).toBeLessThan(25)
  })

  it('tells what it measured when it is stopped', async () => {
    const good = new Set(Array.from({ length: 500 }, (_, at) => at + 10))
    const map = { good, seams: new Set<number>(), limit: 50 }
    const told: (readonly [AddressRange, boolean])[] = []
    let left = 12
    const ended = findRanges({
      ...{ from: 0, to: 999, step: 10, most: 50 },
      readable: async (address, count) => {
        if (left-- === 0) throw new MapperError('canceled', 'enough')
        return answers(map, address, count)
      },
      onRange: (range, complete) => void told.push([range, complete]),
    })
    await expect(ended).rejects.toThrow('enough')
    expect(told).toHaveLength(1)
    const [range, complete] = told[0] ?? []
    expect(complete).toBe(false)
    expect(range?.from).toBe(10)
    expect(range?.to).toBeGreaterThan(100)
  })
})
