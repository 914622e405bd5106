import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isForeign, yamlParts } from '@mapper-sdk/edge-sim'
import { findDriver } from '../find-driver.ts'
import { checkSources } from './check-sources.ts'
import { mapperFile, plant, recipe } from './examples.suite.ts'
import type { Finding } from './finding.ts'
import { fixSources } from './fix-sources.ts'
import { kindOf, type Source } from './document.ts'

const check = (sources: readonly Source[]) =>
  checkSources(sources, (name) => {
    if (name === 'modbus') return findDriver('modbus')
    throw new Error(`no driver for ${name}`)
  })

/** A place that is in the file, or right behind its end. */
function isPlaced({ line, column, message }: Finding, text: string): boolean {
  const lines = text.split('\n')
  const width = (lines[line - 1] ?? '').length
  return message !== '' && line >= 1 && line <= lines.length && column >= 1 && column <= width + 1
}

const awkward = fc.constantFrom(
  ...[
    '[',
    '{',
    ']',
    '}',
    ':',
    '- ',
    '\n',
    '\t',
    '"',
    "'",
    '|',
    '>',
    '#',
    '&a ',
    '*a',
    '<<: *a',
    '? ',
  ],
  ...[
    '---\n',
    '...\n',
    '%YAML 1.2\n',
    '!!binary ',
    '!x ',
    'null',
    '~',
    '.nan',
    '.inf',
    '1e999',
    '0x1F',
  ],
  ...['__proto__', 'constructor', '[]', '{}', '-1', '99999999999999999999', 'true', 'ä', '\u0000'],
  ...[
    '\uFEFF',
    '\uD800',
    '\u2028',
    '\r\n',
    'data',
    'kind: Device\n',
    'name: x\n',
    '$ref',
    '"\\u0000"',
  ],
)

/** Good files with a few places replaced by what does not belong there. */
const spoilt = fc
  .tuple(
    fc.constantFrom<string>(plant, mapperFile, recipe),
    fc.array(
      fc.tuple(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(30),
        fc.oneof(awkward, fc.string()),
      ),
      { minLength: 1, maxLength: 4 },
    ),
  )
  .map(([good, places]) =>
    places.reduce<string>((text, [where, length, put]) => {
      const at = Math.floor(where * text.length)
      return text.slice(0, at) + put + text.slice(at + length)
    }, good),
  )

const soup = fc.array(fc.oneof(awkward, fc.string({ unit: 'binary', maxLength: 8 })), {
  maxLength: 30,
})

test('any text is taken, and all that is said of it has a place in it', async () => {
  const texts = fc.oneof(
    spoilt,
    soup.map((parts) => parts.join('')),
  )
  await fc.assert(
    fc.asyncProperty(texts, async (text) => {
      const { findings } = await check([{ file: 'a.yaml', text }])
      for (const finding of findings)
        expect(isPlaced(finding, text), JSON.stringify(finding)).toBe(true)
    }),
    { numRuns: 200 },
  )
})

/** Nothing at all, an object of another API, or a file of a mapper, which may be nearly empty. */
function mayBeFine(text: string): boolean {
  const parts = yamlParts(text)
  const others = parts.filter(({ value }) => value !== null && value !== undefined)
  return (
    others.every(({ value }) => isForeign(value)) || kindOf({ file: 'a', text }, parts) === 'config'
  )
}

test('what is no file of ours is never passed without a word', async () => {
  await fc.assert(
    fc.asyncProperty(
      soup.map((parts) => parts.join('')),
      async (text) => {
        const { findings } = await check([{ file: 'a.yaml', text }])
        expect(findings.length > 0 || mayBeFine(text)).toBe(true)
      },
    ),
    { numRuns: 200 },
  )
})

test('what is mended has nothing left to mend, and is YAML as before', async () => {
  await fc.assert(
    fc.asyncProperty(spoilt, async (text) => {
      const once = await fixSources([{ file: 'a.yaml', text }], check)
      const twice = await fixSources(once.sources, check)
      expect(twice.done).toEqual([])
      expect(twice.sources).toEqual(once.sources)
      expect(once.sources[0]?.text.split('\n')).toHaveLength(text.split('\n').length)
    }),
    { numRuns: 100 },
  )
})

const bomb = Array.from({ length: 60 }, (_, i) => `b${i}: &b${i} [${'*a,'.repeat(50)}]`)

const deep: readonly string[] = [
  '['.repeat(100_000),
  `a: ${'{a: '.repeat(20_000)}`,
  `${'- '.repeat(20_000)}a`,
  `a: &a [1,1]\n${bomb.join('\n')}`,
  'a: &a\n  b: *a\n',
  'a: *nobody\n',
]

test.each(deep)('%.20s… ends, and is told', async (text) => {
  const { findings } = await check([{ file: 'a.yaml', text }])
  expect(findings.length).toBeGreaterThan(0)
  for (const finding of findings) expect(isPlaced(finding, text)).toBe(true)
})
