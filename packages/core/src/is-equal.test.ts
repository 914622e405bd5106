import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isEqual } from './is-equal.ts'

const anything = fc.anything({ withBigInt: true, withMap: true, withTypedArray: true })

test('a deep copy is equal, whatever the order of its keys', () => {
  fc.assert(
    fc.property(anything, (value) => {
      expect(isEqual(value, structuredClone(value))).toBe(true)
    }),
  )
  expect(isEqual({ a: 1, b: { c: [1, 2] } }, { b: { c: [1, 2] }, a: 1 })).toBe(true)
  expect(isEqual(new Map([['a', 1]]), new Map([['a', 1]]))).toBe(true)
})

test.each([
  [1, 1n],
  [1, '1'],
  [{ a: 1 }, {}],
  [{ a: undefined }, { b: undefined }],
  [
    [1, 2],
    [2, 1],
  ],
  [[], {}],
  [{ toString: 1 }, { a: 1 }],
  [null, {}],
  [new Map([['a', 1]]), new Map([['a', 2]])],
  [new Map(), {}],
  [Uint8Array.of(1), [1]],
  [Uint8Array.of(1), Uint8Array.of(2)],
])('%o and %o differ', (a, b) => {
  expect(isEqual(a, b)).toBe(false)
  expect(isEqual(b, a)).toBe(false)
})
