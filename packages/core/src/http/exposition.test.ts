import fc from 'fast-check'
import { expect, test } from 'vitest'
import { expose, type Metric } from './exposition.ts'
import { parseMetrics } from './parse-metrics.suite.ts'

test('an independent parser reads what was written, whatever the labels are', () => {
  const word = fc.stringMatching(/^[a-z][a-z_]{0,10}$/)
  const text = fc.oneof(fc.string(), fc.constantFrom('a"b', 'a\\', 'a\nb', '\\n', '"} 1\nx 2'))
  const sample = fc.record({
    labels: fc.dictionary(word, text, { minKeys: 1, maxKeys: 3, noNullPrototype: true }),
    value: fc.double({ noNaN: true }),
  })
  const metric: fc.Arbitrary<Metric> = fc.record({
    name: word,
    help: text.map((more) => `Help ${more}`),
    type: fc.constantFrom('counter', 'gauge'),
    samples: fc.array(sample, { minLength: 1, maxLength: 3 }),
  })
  fc.assert(
    fc.property(metric, (one) => {
      const [read, ...more] = parseMetrics(expose([one]))
      expect(more).toEqual([])
      expect(read).toMatchObject({ name: one.name, type: one.type.toUpperCase() })
      expect(read?.metrics).toHaveLength(one.samples.length)
      one.samples.forEach(({ labels, value }, index) => {
        expect(read?.metrics[index]?.labels).toEqual(labels)
        expect(numberOf(read?.metrics[index]?.value)).toBe(value === 0 ? 0 : value)
      })
    }),
  )
})

test('numbers that are none are written as Prometheus has them', () => {
  const samples = [NaN, Infinity, -Infinity, 1e21, 0.1].map((value) => ({ value }))
  expect(expose([{ name: 'x', help: 'Some.', type: 'gauge', samples }])).toBe(
    '# HELP x Some.\n# TYPE x gauge\nx NaN\nx +Inf\nx -Inf\nx 1e+21\nx 0.1\n',
  )
})

const numberOf = (text = '') =>
  text.endsWith('Inf') ? (text.startsWith('-') ? -Infinity : Infinity) : Number(text) + 0
