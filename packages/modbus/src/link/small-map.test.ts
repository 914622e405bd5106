import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createSmallMap } from './small-map.ts'

it('is a map, whatever is done with it', () => {
  const step = fc.record({
    kind: fc.constantFrom('set', 'set', 'delete', 'clear'),
    key: fc.nat(5),
    value: fc.nat(99),
  })
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const small = createSmallMap<number>()
      const real = new Map<number, number>()
      for (const { kind, key, value } of steps) {
        if (kind === 'set') {
          small.set(key, value)
          real.set(key, value)
        } else if (kind === 'delete') expect(small.delete(key)).toBe(real.delete(key))
        else {
          small.clear()
          real.clear()
        }
        expect(small.size).toBe(real.size)
        expect(small.keys()).toEqual([...real.keys()])
        expect(small.entries()).toEqual([...real])
        for (let each = 0; each < 7; each++) {
          expect([small.has(each), small.get(each)]).toEqual([real.has(each), real.get(each)])
        }
      }
    }),
  )
})
