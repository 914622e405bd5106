import { MapperError } from '@mapper-sdk/core'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { parseJson, type Json } from './parse-json.ts'

it('reads all JSON that JSON.parse reads, which has no integer beyond 2^53', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 8 }), (value) => {
      const isBeyond = (one: unknown) => Number.isInteger(one) && !Number.isSafeInteger(one)
      const text = JSON.stringify(value, (_, one: unknown) => (isBeyond(one) ? 'beyond' : one))
      expect(parseJson(text)).toEqual(JSON.parse(text))
    }),
  )
})

it.each<[string, Json]>([
  ['18446744073709551615', 18446744073709551615n],
  ['[-9223372036854775808]', [-9223372036854775808n]],
  ['{"1234567890123456789":1234567890123456789}', { '1234567890123456789': 1234567890123456789n }],
  ['"1234567890123456789"', '1234567890123456789'],
  ['["\\"1234567890123456789"]', ['"1234567890123456789']],
  ['0.1234567890123456789', 0.1234567890123456789],
  ['1234567890123456789.5', 1234567890123456789.5],
  ['12345678901234567890e2', 1.234567890123456789e21],
  ['1e-1234567890123456789', 0],
  ['1000000000000000', 1000000000000000],
  ['"i5"', 'i5'],
])('%s', (text, json) => {
  expect(parseJson(text)).toEqual(json)
})

it('keeps a key that objects have a meaning for', () => {
  expect(Object.keys(parseJson('{"__proto__":1}') as object)).toEqual(['__proto__'])
})

it.each(['', '[', '{1:2}', '01234567890123456789', '--1', '[1,]', "'x'", '"x'])(
  'refuses %j',
  (text) => {
    expect(() => parseJson(text)).toThrow(MapperError)
    expect(() => parseJson(text)).toThrow('is no JSON')
  },
)

it('refuses more levels than any value has', () => {
  expect(() => parseJson('['.repeat(40) + ']'.repeat(40))).toThrow('more than 32 levels')
})
