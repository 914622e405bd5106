import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { across, beginnings, halve } from './parts.ts'
import { planReads, type ReadItem, type ReadRequest } from './plan.ts'

const rig = (items: readonly ReadItem[]) => {
  const places = (item: number) => items[item]
  const limits = { maxRegisters: 1000, maxBits: 2000, maxGap: 1000 }
  const [request] = planReads(items, limits, { request: 1e6, register: 1 })
  if (request === undefined) throw new Error('no items')
  return { request, places }
}
const at = (address: number, count = 1): ReadItem => ({ table: 'holding', address, count })
const shown = ({ address, count }: ReadRequest) => `${address}+${count}`

describe('parts of a request', () => {
  it('are halves by the number of items', () => {
    const { request, places } = rig([at(0), at(1), at(2), at(90), at(91)])
    expect(halve(request, places)?.map(shown)).toEqual(['0+2', '2+90'])
  })

  it('are none of one range, however many want it', () => {
    const { request, places } = rig([at(4, 2), at(4, 2)])
    expect(halve(request, places)).toBeUndefined()
  })

  it('are the way across the border, with all that lies in the gap there', () => {
    const { request, places } = rig([at(0), at(1, 4), at(9, 2), at(20)])
    const [low, high] = halve(request, places) ?? []
    if (low === undefined || high === undefined) throw new Error('no halves')
    expect([low, high].map(shown)).toEqual(['0+5', '9+12'])
    expect(shown(across(low, high, places))).toBe('1+10')
  })

  it('are its beginnings that hold whole values', () => {
    const { request, places } = rig([at(0, 2), at(2, 4), at(6), at(9, 2)])
    expect(beginnings(request, places).map(shown)).toEqual(['0+2', '0+6', '0+7'])
  })

  it('hold whole items, each in its range, on any map', () => {
    const item = fc.record({
      table: fc.constant('holding' as const),
      address: fc.nat(60),
      count: fc.integer({ min: 1, max: 9 }),
    })
    fc.assert(
      fc.property(fc.array(item, { minLength: 1, maxLength: 20 }), (items) => {
        const { request, places } = rig(items)
        const whole = (part: ReadRequest) => {
          const ranges = part.items.flatMap((one) => items[one] ?? [])
          expect(ranges.length).toBeGreaterThan(0)
          expect(Math.min(...ranges.map(({ address }) => address))).toBe(part.address)
          const end = Math.max(...ranges.map(({ address, count }) => address + count))
          expect(end).toBe(part.address + part.count)
        }
        const halves = halve(request, places)
        const lengths = beginnings(request, places).map(({ count }) => count)
        beginnings(request, places).forEach(whole)
        expect(lengths).toEqual([...lengths].sort((a, b) => a - b))
        expect(lengths.every((count) => count < request.count)).toBe(true)
        if (halves === undefined) {
          expect(new Set(items.map(({ address, count }) => `${address}+${count}`)).size).toBe(1)
          return
        }
        const [low, high] = halves
        halves.forEach(whole)
        expect([...low.items, ...high.items].sort((a, b) => a - b)).toEqual(
          [...request.items].sort((a, b) => a - b),
        )
        const middle = across(low, high, places)
        whole(middle)
        // It holds the border: something that starts below it and something that starts there or above.
        expect(middle.items.some((one) => low.items.includes(one))).toBe(true)
        expect(middle.items.some((one) => high.items.includes(one))).toBe(true)
      }),
      { numRuns: 500 },
    )
  })
})
