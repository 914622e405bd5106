import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Table } from '../link/link.ts'
import {
  costOf,
  planReads,
  type ReadCost,
  type ReadItem,
  type ReadLimits,
  type TableRange,
} from './plan.ts'

const limits: ReadLimits = { maxRegisters: 125, maxBits: 2000, maxGap: 16 }
const cost: ReadCost = { request: 16, register: 1 }
const at = (address: number, count = 1, table: Table = 'holding'): ReadItem => ({
  table,
  address,
  count,
})
const ranges = (items: readonly ReadItem[], some: Partial<ReadLimits> = {}, price = cost) =>
  planReads(items, { ...limits, ...some }, price).map(({ address, count }) => `${address}+${count}`)
const singles = (...addresses: number[]) => addresses.map((address) => at(address))

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
    expect(ranges(singles(0, 15))).toEqual(['0+16'])
    expect(ranges(singles(0, 20))).toEqual(['0+1', '20+1'])
    expect(ranges(singles(0, 20), { maxGap: 100 })).toEqual(['0+1', '20+1'])
    expect(ranges(singles(0, 20), { maxGap: 100 }, { request: 99, register: 1 })).toEqual(['0+21'])
    expect(ranges(singles(0, 2), { maxGap: 0 })).toEqual(['0+1', '2+1'])
    expect(ranges([at(0, 1, 'coil'), at(200, 1, 'coil')])).toEqual(['0+201'])
  })

  it('never splits a value at the limit', () => {
    const items = Array.from({ length: 60 }, (_, index) => at(4 * index, 4))
    expect(ranges(items)).toEqual(['0+116', '116+124'])
    expect(ranges([at(0, 124), at(124, 2)])).toEqual(['0+124', '124+2'])
  })

  it('chooses the split that reads least, not the first that fits', () => {
    // Greedy filling would take 0…8 and pay for the gap before 8.
    expect(ranges(singles(0, 8, 9, 10), { maxRegisters: 10 })).toEqual(['0+1', '8+3'])
  })

  it('refuses a value that no request can carry', () => {
    expect(() => planReads([at(7, 9)], { ...limits, maxRegisters: 8 }, cost)).toThrow(
      /holding 7: 9/,
    )
  })

  it('keeps the maximum of each table, and asks for a longer value as it is', () => {
    const items = [...singles(0, 1, 2, 3, 4), at(2, 4, 'input'), at(6, 9, 'input')]
    const plan = planReads(items, { ...limits, maxOf: { holding: 3, input: 6 } }, cost)
    expect(plan.map(({ table, address, count }) => `${table} ${address}+${count}`)).toEqual([
      'input 2+4',
      'input 6+9',
      'holding 0+2',
      'holding 2+3',
    ])
  })

  it('touches nothing that is to be avoided, not even in a gap', () => {
    expect(ranges(singles(0, 1, 4, 5), { avoid: [at(2)] })).toEqual(['0+2', '4+2'])
    expect(ranges(singles(0, 1, 4, 5), { avoid: [at(2, 1, 'input')] })).toEqual(['0+6'])
    expect(ranges(singles(0, 1, 4, 5), { avoid: [at(6, 100), at(5, 0)] })).toEqual(['0+5', '5+1'])
  })

  it('asks for a value that lies in it exactly as it is, and what lies inside comes along', () => {
    const items = [at(0), at(1, 2), at(2), at(3), at(1), at(1, 2)]
    expect(planReads(items, { ...limits, avoid: [at(2)] }, cost)).toEqual([
      { table: 'holding', address: 0, count: 1, items: [0] },
      { table: 'holding', address: 1, count: 2, items: [1, 5, 4, 2] },
      { table: 'holding', address: 3, count: 1, items: [3] },
    ])
  })
})

const table = fc.constantFrom<Table>('coil', 'holding')
const rangesOf = (most: number, maxAddress: number, shortest: number, longest: number) =>
  fc.array(
    fc.record({
      table,
      address: fc.nat(maxAddress),
      count: fc.integer({ min: shortest, max: longest }),
    }),
    { maxLength: most },
  )
const someLimits = (longest: number, maxAddress: number) =>
  fc.record({
    maxRegisters: fc.integer({ min: longest, max: 3 * longest }),
    maxBits: fc.integer({ min: longest, max: 3 * longest }),
    maxGap: fc.constantFrom(0, 1, 2, 5, 100),
    maxOf: fc.record(
      { coil: fc.integer({ min: 1, max: 2 * longest }), holding: fc.nat({ max: 2 * longest }) },
      { requiredKeys: [] },
    ),
    avoid: rangesOf(3, maxAddress, 0, 4),
  })
const someCost = fc.record({ request: fc.integer({ min: 0, max: 20 }), register: fc.nat(16) })

const endOf = ({ address, count }: TableRange) => address + count

/** The one request for these items, if it is legal: the rules in words of one request. */
function requestFor(group: readonly ReadItem[], some: ReadLimits): TableRange | undefined {
  const [first] = group
  if (first === undefined || group.some((item) => item.table !== first.table)) return undefined
  const isBit = first.table === 'coil'
  const sorted = [...group].sort((a, b) => a.address - b.address)
  const address = sorted[0]?.address ?? 0
  let end = address
  for (const item of sorted) {
    if (item.address - end > (isBit ? 16 * some.maxGap : some.maxGap)) return undefined
    end = Math.max(end, endOf(item))
  }
  const request = { table: first.table, address, count: end - address }
  if (request.count > (isBit ? some.maxBits : some.maxRegisters)) return undefined
  // One of its values as it is may be longer than the table's own maximum and go anywhere.
  const isValue = group.some((item) => item.address === address && endOf(item) === end)
  const touched = some.avoid?.some(
    (range) => range.table === first.table && range.address < end && endOf(range) > address,
  )
  const isLong = request.count > (some.maxOf?.[first.table] ?? Infinity)
  return isValue || !(touched || isLong) ? request : undefined
}

/** Every way to share the items out among requests, the legal ones priced; the least price. */
function bruteForce(items: readonly ReadItem[], some: ReadLimits, price: ReadCost): number {
  let least = Infinity
  const share = (index: number, groups: readonly (readonly ReadItem[])[]) => {
    const item = items[index]
    if (item === undefined) {
      const requests = groups.map((group) => requestFor(group, some))
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
      fc.property(rangesOf(7, 30, 1, 8), someLimits(8, 30), someCost, (items, some, price) => {
        const planned = costOf(planReads(items, some, price), price)
        expect(planned).toBeCloseTo(bruteForce(items, some, price), 6)
      }),
      { numRuns: 1500 },
    )
  }, 120_000)

  it('is always legal: every item once, whole, within the limits', () => {
    fc.assert(
      fc.property(rangesOf(80, 400, 1, 12), someLimits(12, 400), someCost, (items, some, price) => {
        const requests = planReads(items, some, price)
        const seen = requests.flatMap((request) => request.items)
        expect(seen.sort((a, b) => a - b)).toEqual(items.map((_, index) => index))
        for (const { items: held, ...request } of requests) {
          const group = held.flatMap((index) => items[index] ?? [])
          expect(request).toEqual(requestFor(group, some))
        }
      }),
      { numRuns: 1000 },
    )
  })
})
