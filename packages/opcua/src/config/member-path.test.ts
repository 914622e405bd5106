import { MapperError } from '@mapper-sdk/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatMemberPath, parseMemberPath } from './member-path.ts'

test.each([
  ['limits.high', ['limits', 'high']],
  ['samples[3].value', ['samples', 3, 'value']],
  ['[2]', [2]],
  ['matrix[1][2]', ['matrix', 1, 2]],
  ['matrix[1, 2]', ['matrix', 1, 2]],
  ['"a.b".c', ['a.b', 'c']],
  ['a."x \\"y\\""[0]', ['a', 'x "y"', 0]],
  ['Größe', ['Größe']],
])('%j', (text, path) => {
  expect(parseMemberPath(text)).toEqual(path)
})

test.each([
  ['', /names no member/],
  ['.a', /cannot be read at "\.a"/],
  ['a.', /cannot be read at "\."/],
  ['a..b', /cannot be read/],
  ['a b', /cannot be read at " b"/],
  ['a"b"', /cannot be read/],
  ['a[-1]', /cannot be read at "\[-1\]"/],
  ['a[1', /cannot be read/],
  ['"a', /cannot be read/],
  ['"\\x"', /no JSON text/],
  [Array(65).fill('a').join('.'), /more than 64 steps/],
])('refuses %j', (text, message) => {
  expect(() => parseMemberPath(text)).toThrow(MapperError)
  expect(() => parseMemberPath(text)).toThrow(message)
})

test('reads what formatMemberPath writes', () => {
  const step = fc.oneof(fc.nat(), fc.string({ minLength: 1, unit: 'binary' }))
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 8 }), (path) => {
      expect(parseMemberPath(formatMemberPath(path))).toEqual(path)
    }),
  )
})

test('throws nothing but invalid_config', () => {
  const part = fc.constantFrom('.', '[', ']', '"', '\\', '3', 'a', ',', ' ')
  fc.assert(
    fc.property(
      fc.array(part).map((parts) => parts.join('')),
      (text) => {
        try {
          parseMemberPath(text)
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: 'invalid_config' })
        }
      },
    ),
  )
})
