import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileSafePattern } from './safe-pattern.ts'

describe('a safe pattern', () => {
  it('finds named groups', () => {
    const { groups, match } = compileSafePattern(
      '(?<sign>[+-])?(?<value>\\d+\\.\\d+) *(?P<unit>k?g)',
    )
    expect(groups).toEqual(['sign', 'value', 'unit'])
    expect(match('S S  12.50 kg\r\n')).toEqual({
      start: 5,
      end: 13,
      groups: { value: '12.50', unit: 'kg' },
    })
    expect(match('12 kg')).toBeUndefined()
  })

  it('can take capital and small letters alike, and a dot for the end of a line', () => {
    expect(compileSafePattern('ok').test('OK')).toBe(false)
    expect(compileSafePattern('ok', { ignoreCase: true }).test('OK')).toBe(true)
    expect(compileSafePattern('a.b').test('a\nb')).toBe(false)
    expect(compileSafePattern('a.b', { dotAll: true }).test('a\nb')).toBe(true)
  })

  it('finds what the engine of JavaScript finds', () => {
    const part = fc.constantFrom(
      'a',
      'b',
      '[ab]',
      '.',
      '(a|bc)',
      '(?:b|c)*',
      'a+?',
      'c{1,3}',
      '\\d?',
    )
    const text = fc.array(fc.constantFrom('a', 'b', 'c', '1', ' '), { maxLength: 20 })
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), text, (parts, characters) => {
        const source = parts.join('')
        const given = characters.join('')
        const expected = new RegExp(source).exec(given)
        const found = compileSafePattern(source).match(given)
        expect(found?.start).toBe(expected?.index)
        expect(found && given.slice(found.start, found.end)).toBe(expected?.[0])
      }),
    )
  })

  // An engine that goes back and tries again would never end here: 2 to the power of 20000.
  it.each(['(a+)+$', '(a|aa)+$', '(a*)*b', '(.*)*x', '([a-z]+)*1'])(
    'does not mind %s before a long text',
    (source) => {
      expect(compileSafePattern(source).match(`${'a'.repeat(20_000)}!`)).toBeUndefined()
    },
  )

  it.each([
    ['a(?=b)', 'look-ahead and look-behind are not supported'],
    ['(?<!a)b', 'look-ahead and look-behind are not supported'],
    ['(a)\\1', 'back references are not supported'],
    ['(a', 'missing closing )'],
    ['a{2000}', 'invalid repeat count'],
    ['(?:a|b|c|\\d\\d\\d){900}', 'too large'],
    ['x'.repeat(1025), 'longer than 1024 characters'],
  ])('refuses %s', (source, why) => {
    expect(() => compileSafePattern(source)).toThrow(why)
    expect(() => compileSafePattern(source)).toThrow('[invalid_config] pattern')
  })

  it('refuses texts that are too long', () => {
    const pattern = compileSafePattern('a', { maxTextLength: 3 })
    expect(pattern.test('aaa')).toBe(true)
    expect(() => pattern.match('aaaa')).toThrow('[bad_data] 4 characters, more than 3')
  })

  it.each([
    ...(
      ['^a', 'a$', 'a\\b', '\\Ba', '\\Aa', 'a\\z', '(^|b)', '[a]^', '[]^]$', '[^\\]]$x]'] as const
    ).map((source): [string, boolean] => [source, true]),
    ...(
      [
        'a',
        '\\^',
        '\\$',
        '[$^]',
        '[^a]',
        '[]^$]',
        '\\Q^$\\E',
        '\\\\b',
        '[[:word:]$]',
        '[\\]$]',
      ] as const
    ).map((source): [string, boolean] => [source, false]),
  ])('knows whether it looks around: %s %s', (source, expected) => {
    expect(compileSafePattern(source).looksAround).toBe(expected)
  })
})
