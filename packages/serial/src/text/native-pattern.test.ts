import fc from 'fast-check'
import { RE2JS } from 're2js'
import { describe, expect, it } from 'vitest'
import { isLinear } from './is-linear.ts'
import { nativePattern, plainPattern } from './native-pattern.ts'
import { stepsOf, stepsPerCharacter } from './steps.suite.ts'

const plain = { ignoreCase: false, dotAll: true }

/** Expressions of few characters, so that texts of the same ones often match, or nearly. */
const unit = fc.constantFrom(
  ...['a', 'b', 'k', 'S', ',', '\\.', '-', ' ', '1', 'é', '\\n', '\\x41', '😀'],
  ...['[ab]', '[^,]', '[0-9.]', '[a-k]', '[^\\n]', '[-+]', '[+\\-]', '[\\d.]', '[^\\s,]', '[k-s-]'],
  ...['\\d', '\\D', '\\w', '\\W', '\\s', '\\S', '.'],
)
const count = fc.constantFrom('', '', '', '?', '*', '+', '*?', '+?', '??', '{2}', '{1,3}', '{2,}')
const { expression } = fc.letrec<{ expression: string; item: string; sequence: string }>((tie) => ({
  item: fc
    .tuple(
      fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        { arbitrary: unit, weight: 6 },
        {
          arbitrary: fc
            .tuple(fc.constantFrom('(?:', '(', '(?<>', '(?P<>'), tie('expression'))
            .map(([open, body]) => `${open}${body})`),
          weight: 2,
        },
      ),
      count,
    )
    .map((parts) => parts.join('')),
  sequence: fc
    .array(tie('item'), { minLength: 1, maxLength: 5, depthIdentifier: 'item' })
    .map((items) => items.join('')),
  expression: fc
    .oneof(
      { arbitrary: tie('sequence').map((one) => [one]), weight: 5 },
      { arbitrary: fc.array(tie('sequence'), { minLength: 2, maxLength: 3 }), weight: 1 },
    )
    .map((branches) => branches.join('|')),
}))

const source = fc
  .tuple(fc.constantFrom('^', '^', ''), expression, fc.constantFrom('', '$'))
  .map(([start, body, end]) => {
    let names = 0
    return `${start}${body}${end}`.replaceAll('<>', () => `<g${names++}>`)
  })
const flags = fc.record({ ignoreCase: fc.boolean(), dotAll: fc.boolean() })

const character = fc.constantFrom(
  ...[
    'a',
    'b',
    'c',
    'k',
    'K',
    's',
    'S',
    ',',
    '.',
    '-',
    '+',
    ' ',
    '1',
    '0',
    'é',
    'É',
    'A',
    '\u00a0',
  ],
  ...['\n', '\r', '\v', '\u212a', '\u017f', '😀', '\ud83d', '\ude00', '\ufeff', '_', '\0'],
)
const words = fc.array(character, { maxLength: 12 }).map((all) => all.join(''))
/** Short ones, and hostile ones: the same again and again, and then something else. */
const text = fc
  .tuple(words, words, fc.constantFrom(0, 1, 1, 2, 40), words)
  .map(([start, part, times, end]) => `${start}${part.repeat(times)}${end}`)

function re2(pattern: string, { ignoreCase, dotAll }: typeof plain) {
  const compiled = RE2JS.compile(
    pattern,
    (ignoreCase ? RE2JS.CASE_INSENSITIVE : 0) | (dotAll ? RE2JS.DOTALL : 0),
  )
  const names = Object.entries(compiled.namedGroups()).sort(([, a], [, b]) => a - b)
  return (given: string) => {
    const matcher = compiled.matcher(given)
    if (!matcher.find()) return undefined
    const groups = names.map(([name]) => matcher.group(name) ?? undefined)
    return { start: matcher.start(), end: matcher.end(), groups }
  }
}

function found(native: RegExp, given: string) {
  const match = native.exec(given)
  if (match === null) return undefined
  const [all, ...groups] = match
  return { start: match.index, end: match.index + all.length, groups }
}

describe('an expression that the engine of JavaScript takes', () => {
  it('finds what RE2 finds, with the same groups', () => {
    let taken = 0
    let matched = 0
    fc.assert(
      fc.property(source, flags, fc.array(text, { minLength: 10, maxLength: 10 }), (...given) => {
        const [pattern, options, texts] = given
        const native = nativePattern(pattern, options)
        if (native === undefined) return
        taken++
        const expected = re2(pattern, options)
        for (const one of texts) {
          const wanted = expected(one)
          if (wanted !== undefined) matched++
          expect(found(native, one), JSON.stringify([pattern, native.source, one])).toEqual(wanted)
        }
      }),
      { numRuns: 3000 },
    )
    expect(taken).toBeGreaterThan(300)
    expect(matched).toBeGreaterThan(300)
  })

  it('means the same by a class of one character', () => {
    const all = Array.from({ length: 0x500 }, (_, code) => String.fromCharCode(code)).concat(
      ...['\u2028', '\u212a', '\u017f', '\ufeff', '\uffff', '😀', '\u{10ffff}', '\ud800', '\udfff'],
    )
    let taken = 0
    for (const one of [
      '.',
      '\\d',
      '\\D',
      '\\w',
      '\\W',
      '\\s',
      '\\S',
      '[^a]',
      '[a-z]',
      '[^k-s]',
      '[^\\d]',
      '\\[',
      '\\ ',
      '[\\]]',
      '\\a',
      '\\v',
      '\\xe9',
      'é',
      '[^]',
      '[a-]',
      '}',
      ']',
    ]) {
      for (const ignoreCase of [false, true]) {
        for (const dotAll of [false, true]) {
          const native = nativePattern(`^${one}$`, { ignoreCase, dotAll })
          if (native === undefined) continue
          taken++
          const expected = re2(`^${one}$`, { ignoreCase, dotAll })
          const differ = all.filter((each) => native.test(each) !== (expected(each) !== undefined))
          expect(differ, `${one} ${ignoreCase} ${dotAll}`).toEqual([])
        }
      }
    }
    expect(taken).toBeGreaterThan(60)
  })

  it('costs a limited number of steps for each character of any text', () => {
    let taken = 0
    fc.assert(
      fc.property(source, fc.array(text, { minLength: 5, maxLength: 5 }), (pattern, texts) => {
        const tree = plainPattern(pattern, plain)
        if (tree === undefined || !isLinear(tree)) return
        taken++
        for (const one of texts) {
          expect(stepsOf(tree, one), JSON.stringify([pattern, one])).toBeLessThanOrEqual(
            stepsPerCharacter(tree) * (one.length + 1),
          )
        }
      }),
      { numRuns: 2000 },
    )
    expect(taken).toBeGreaterThan(200)
  })

  it.each([
    '^..RMC,(?<time>[0-9.]+),A,(?<latitude>[0-9.]+),(?<speed>[0-9.]*),(?<date>\\d{6}),',
    '^S (?<rest>[SD]) +(?<weight>-?[0-9.]+) (?<unit>\\S+)$',
    '^I4 A "(?<serial>[^"]*)"$',
    '^(ES|ET|EL)$',
    '^\\](?<kind>[A-Za-z])(?<modifier>[0-9A-Za-z])(?<code>.+)$',
    '^(?<maker>[A-Za-z]{3})(?<speed>[0-6])(?<model>.*)$',
    '^(?<reading>[-+][0-9.]+E[-+]\\d+)\\r?$',
    '^(?<code>[-+]?\\d+),"(?<text>[^"]*)"',
    ',Ta=(?<found>-?[0-9.]+)C',
    '!\\r\\n$',
    '(?<value>[0-9]{1,6}) kg',
  ])('is %s', (pattern) => {
    expect(nativePattern(pattern, plain)).toBeInstanceOf(RegExp)
  })
})

describe('the longest text', () => {
  const depths = 'bcdefghijklmn'
  const nested = [...depths].reduce((inner, letter) => `(?:${inner}${letter}?)`, 'a')

  it.each([`^${nested}*!`, '^(?:(?:(?:a|b)|c)|d)*!', '^(?:(?:(?:ab){2})+c)*!'])(
    'has room in the engine of JavaScript: %s',
    (pattern) => {
      const native = nativePattern(pattern, plain)
      if (native === undefined) throw new Error('not taken')
      for (const part of ['a', 'abcd', 'ababc', `a${depths}`]) {
        const long = part.repeat(65_536).slice(0, 65_536)
        expect(native.test(long)).toBe(false)
        expect(native.test(`${long.slice(1)}\u1234`)).toBe(false)
      }
    },
  )
})

describe('an expression that RE2 has to run', () => {
  const hostile = ['a', 'ab', 'aa,', '1', ' ', '\n0.0.0(', 'abc'].flatMap((part) => [
    part.repeat(40),
    `${part.repeat(40)}!`,
  ])

  it.each([
    ...['(a+)+$', '^(a+)+$', '(a|aa)+$', '^(a|aa)+$', '^(a|a)*$', '^(a|ab)*$', '^(?:a?){30}a{30}$'],
    ...['^(a*)*b', '^(.*)*x', '^([a-z]+)*1', '^a*a*a*b', '^(?:a?)?(?:a?)?b', '^(?:a+b?)+$'],
    ...['^(?:a?)?b', '^(?:a?|b)c', '^(?:a?b?)*c', '^(?:a|b?)$'],
    ...['a+b', '[0-9]+x', '.*x', '(?:^|\\n)0\\.0\\.0\\((?<found>[^)]*)\\)', ' +$', '^(a{1,5})*b'],
  ])('is %s, which could be slow', (pattern) => {
    const tree = plainPattern(pattern, plain)
    expect(nativePattern(pattern, plain)).toBeUndefined()
    // Those that are taken apart at all are refused for what they would cost.
    if (tree !== undefined) expect(isLinear(tree)).toBe(false)
  })

  it.each(['^(a|aa)+$', '^(a+)+$', '^([a-z]+)*1', '^a*a*a*b', '[0-9]+x', '.*x'])(
    'costs more and more for each character: %s',
    (pattern) => {
      const tree = plainPattern(pattern, plain)
      if (tree === undefined) throw new Error('not taken apart')
      const worst = hostile.map((one) => stepsOf(tree, one) / (one.length + 1))
      expect(Math.max(...worst)).toBeGreaterThan(stepsPerCharacter(tree))
    },
  )

  it.each([
    ...['^a|b', 'a|b$', '^(?<g>a){2}$', '(?<g>a)*b', 'a\\b', '\\Aa', 'a$b', 'a^b', '', '()', 'a|'],
    ...[
      '[[:alpha:]]',
      '\\pL',
      '(?i)a',
      '\\Qa\\E',
      '[]a]',
      '\\x{41}',
      '\\101',
      'a{',
      'a{,2}',
      'a{0}',
    ],
    ...[
      'a\\C',
      '\\',
      '(a',
      'a)',
      '[b-a]',
      'a**',
      '[\\d-z]',
      '\ud800',
      '(?=a)b',
      '[^\\s\\S]',
      '\\1',
    ],
  ])('is %s, which is not plain', (pattern) => {
    expect(nativePattern(pattern, plain)).toBeUndefined()
  })

  it('is one with other letters than those of ASCII, if cases are the same', () => {
    expect(nativePattern('^é$', plain)).toBeInstanceOf(RegExp)
    expect(nativePattern('^é$', { ...plain, ignoreCase: true })).toBeUndefined()
  })
})
