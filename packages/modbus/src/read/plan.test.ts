import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Table } from '../link/link.ts'
import {
  costOf,
  planReads,
  type Bond,
  type ReadCost,
  type ReadItem,
  type ReadLimits,
} from './plan.ts'

const limits: ReadLimits = { maxRegisters: 125, maxBits: 2000, maxGap: 16 }
const cost: ReadCost = { request: 16, register: 1 }
const at = (address: number, count = 1, table: Table = 'holding'): ReadItem => ({
  table,
  address,
  count,
})
const ranges = (items: readonly ReadItem[], some = limits, price = cost) =>
  planReads(items, some, price).map(({ address, count }) => `${address}+${count}`)

describe('planReads', () => {
  it('joins neighbours, overlaps and duplicates, in any order', () => {
    expect(planReads([at(4, 2), at(0, 2), at(2, 2), at(3), at(0, 2)], limits, cost)).toEqual([
      { table: 'holding', address: 0, count: 6, items: [1, 4, 2, 3, 0] },
    ])
  })

  it('keeps the tables apart', () => {
    const items = [at(0, 1, 'holding'), at(0, 1, 'input'), at(0, 1, 'coil'), at(1, 1, 'discrete')]
    expect(planReads(items, limits, cost).map(({ table }) => table)).toEqual([
      'coil',
      'discrete',
      'input',
      'holding',
    ])
  })

  it('reads a gap along where that is cheaper and allowed', () => {
    expect(ranges([at(0), at(15)])).toEqual(['0+16'])
    expect(ranges([at(0), at(20)])).toEqual(['0+1', '20+1'])
    expect(ranges([at(0), at(20)], { ...limits, maxGap: 100 })).toEqual(['0+1', '20+1'])
    expect(
      ranges([at(0), at(20)], { ...limits, maxGap: 100 }, { request: 99, register: 1 }),
    ).toEqual(['0+21'])
    expect(ranges([at(0), at(2)], { ...limits, maxGap: 0 })).toEqual(['0+1', '2+1'])
    expect(ranges([at(0, 1, 'coil'), at(200, 1, 'coil')])).toEqual(['0+201'])
  })

  it('never splits a value at the limit', () => {
    const items = Array.from({ length: 60 }, (_, index) => at(4 * index, 4))
    expect(ranges(items)).toEqual(['0+116', '116+124'])
    expect(ranges([at(0, 124), at(124, 2)])).toEqual(['0+124', '124+2'])
  })

  it('chooses the split that reads least, not the first that fits', () => {
    // Greedy filling would take 0…8 and pay for the gap before 8.
    const some = { ...limits, maxRegisters: 10 }
    expect(ranges([at(0), at(8), at(9), at(10)], some)).toEqual(['0+1', '8+3'])
  })

  it('refuses a value that no request can carry', () => {
    expect(() => planReads([at(7, 9)], { ...limits, maxRegisters: 8 }, cost)).toThrow(
      /holding 7: 9/,
    )
  })

  it('keeps bonds', () => {
    const bonds = new Map<number, Bond>([
      [2, 'alone'],
      [5, 'cut'],
    ])
    const items = [0, 1, 2, 2, 3, 4, 5, 6].map((address) => at(address))
    const plan = planReads(items, limits, cost, ({ address }) => bonds.get(address) ?? 'free')
    expect(plan.map(({ address, count }) => `${address}+${count}`)).toEqual([
      '0+2',
      '2+1',
      '3+2',
      '5+2',
    ])
  })
})

const table = fc.constantFrom<Table>('coil', 'holding')
const itemsOf = (most: number, maxAddress: number, longest: number) =>
  fc.array(
    fc.record({
      table,
      address: fc.nat(maxAddress),
      count: fc.integer({ min: 1, max: longest }),
    }),
    { maxLength: most },
  )
const someLimits = (longest: number) =>
  fc.record({
    maxRegisters: fc.integer({ min: longest, max: 3 * longest }),
    maxBits: fc.integer({ min: longest, max: 3 * longest }),
    maxGap: fc.constantFrom(0, 1, 2, 5, 100),
  })
const someCost = fc.record({ request: fc.integer({ min: 0, max: 20 }), register: fc.nat(16) })

/** Every way to share the items out among requests, the legal ones priced; the least price. */
function bruteForce(items: readonly ReadItem[], some: ReadLimits, price: ReadCost): number {
  const requestOf = (group: readonly ReadItem[]): ReadItem | undefined => {
    const [first] = group
    if (first === undefined || group.some((item) => item.table !== first.table)) return undefined
    const isBit = first.table === 'coil'
    const sorted = [...group].sort((a, b) => a.address - b.address)
    let end = sorted[0]?.address ?? 0
    for (const item of sorted) {
      if (item.address - end > (isBit ? 16 * some.maxGap : some.maxGap)) return undefined
      end = Math.max(end, item.address + item.count)
    }
    const address = sorted[0]?.address ?? 0
    const count = end - address
    if (count > (isBit ? some.maxBits : some.maxRegisters)) return undefined
    return { table: first.table, address, count }
  }
  let least = Infinity
  const share = (index: number, groups: readonly (readonly ReadItem[])[]) => {
    const item = items[index]
    if (item === undefined) {
      const requests = groups.map(requestOf)
      if (requests.every((request) => request !== undefined)) {
        least = Math.min(least, costOf(requests, price))
      }
      return
    }
    groups.forEach((group, place) => share(index + 1, groups.with(place, [...group, item])))
    share(index + 1, [...groups, [item]])
  }
  share(0, [])
  return least
}

describe('on random maps', () => {
  it('costs no more than the best of all possible plans', () => {
    fc.assert(
      fc.property(itemsOf(7, 30, 8), someLimits(8), someCost, (items, some, price) => {
        const planned = costOf(planReads(items, some, price), price)
        expect(planned).toBeCloseTo(bruteForce(items, some, price), 6)
      }),
      { numRuns: 1500 },
    )
  }, 120_000)

  it('is always legal: every item once, whole, within the limits', () => {
    const bond = fc.func(fc.constantFrom<Bond>('free', 'free', 'free', 'cut', 'alone'))
    fc.assert(
      fc.property(itemsOf(80, 400, 12), someLimits(12), someCost, bond, (items, some, price, f) => {
        const requests = planReads(items, some, price, f)
        const seen = requests.flatMap((request) => request.items)
        expect(seen.sort((a, b) => a - b)).toEqual(items.map((_, index) => index))
        for (const request of requests) {
          const isBit = request.table === 'coil'
          expect(request.count).toBeLessThanOrEqual(isBit ? some.maxBits : some.maxRegisters)
          const covered = new Set<number>()
          for (const index of request.items) {
            const item = items[index]
            expect(item?.table).toBe(request.table)
            for (let place = 0; place < (item?.count ?? 0); place++) {
              covered.add((item?.address ?? 0) + place)
            }
          }
          expect(Math.min(...covered)).toBe(request.address)
          expect(Math.max(...covered)).toBe(request.address + request.count - 1)
        }
      }),
    )
  })
})
