import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Device } from '../../device.ts'
import { createWishes, readWishes } from './desired.ts'

const device = (desired: string): Device => ({
  ...{ namespace: 'default', name: 'boiler', model: 'm', protocolName: 'p', protocol: {} },
  properties: [
    {
      ...{ name: 'a', desired, visitor: {}, collectCycle: 0, reportCycle: 0 },
      reportToCloud: true,
    },
  ],
  methods: [],
  stateReport: { toCloud: true, cycleMs: 0 },
})
const far = Number.MAX_SAFE_INTEGER

test('in whatever order and however often wishes come, the newest of them stands', () => {
  const wish = fc.record({ value: fc.constantFrom('1', '2', '3', '4'), at: fc.integer({ min: 1 }) })
  const unique = fc.uniqueArray(wish, { minLength: 1, selector: ({ at }) => at })
  const shuffled = unique.chain((wishes) =>
    fc.tuple(
      fc.constant(wishes),
      fc
        .array(fc.constantFrom(...wishes), { maxLength: 20 })
        .chain((more) =>
          fc.shuffledSubarray([...wishes, ...more], { minLength: wishes.length + more.length }),
        ),
    ),
  )
  fc.assert(
    fc.property(shuffled, ([wishes, arriving]) => {
      const book = createWishes()
      book.apply(device('file'))
      for (const each of arriving) book.take(device('file'), { property: 'a', ...each }, far)
      const newest = wishes.reduce((a, b) => (a.at > b.at ? a : b))
      expect(book.apply(device('file')).properties[0]?.desired).toBe(newest.value)
    }),
  )
})

test('only what changes something is news', () => {
  const book = createWishes()
  book.apply(device('1'))
  const take = (value: string, at: number, wall = far) =>
    book.take(device('1'), { property: 'a', value, at }, wall)
  expect(take('1', 5)).toBe(false)
  expect(take('2', 6)).toBe(true)
  expect(take('2', 6)).toBe(false)
  expect(take('3', 5)).toBe(false)
  expect(book.take(device('1'), { property: 'nothing', value: '1', at: 7 }, far)).toBe(false)
})

test('a clock that was set back, or a time from the future, does not end all wishes', () => {
  const book = createWishes()
  book.apply(device('1'))
  const take = (value: string, at: number, wall: number) =>
    book.take(device('1'), { property: 'a', value, at }, wall)
  expect(take('2', far, 1000)).toBe(true)
  expect(take('3', 2000, 2000)).toBe(true)
  expect(take('4', 500, 500)).toBe(true)
})

test('a wish that changes in the file is the newest; one that stays is not', () => {
  const book = createWishes()
  book.apply(device('1'))
  book.take(device('1'), { property: 'a', value: '2', at: 9 }, far)
  expect(book.apply(device('1')).properties[0]?.desired).toBe('2')
  expect(book.apply(device('3')).properties[0]?.desired).toBe('3')
})

test('any text is read without a throw, and null is no wish', () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void readWishes(text)))
  const twin = { a: { expected: { value: '1', metadata: { timestamp: '7' } } }, b: null, c: {} }
  expect(readWishes(JSON.stringify({ timestamp: 9, twin }))).toEqual([
    { property: 'a', value: '1', at: 7 },
  ])
  expect(readWishes('{"timestamp":9,"twin":{},"delta":{"a":true,"b":null,"__proto__":2}}')).toEqual(
    [
      { property: 'a', value: 'true', at: 9 },
      { property: '__proto__', value: '2', at: 9 },
    ],
  )
})
