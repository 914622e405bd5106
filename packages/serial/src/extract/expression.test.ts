import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileExpression } from './expression.ts'
import { valueOf, type Fraction } from './fraction.ts'

const compute = (source: string, raw = 7n) =>
  valueOf(compileExpression(source).compute(() => ({ top: raw, bottom: 1n })))

describe('an expression', () => {
  it.each<[string, number | bigint]>([
    ['1 + 2 * 3', 7],
    ['(1 + 2) * 3', 9],
    ['10 - 2 - 3', 5],
    ['12 / 2 / 3', 2],
    ['-raw', -7],
    ['--raw', 7],
    ['2*-raw', -14],
    ['0.1 + 0.2', 0.3],
    ['3 * 0.1', 0.3],
    ['1 / 3', 1 / 3],
    ['abs(-2.5)', 2.5],
    ['min(3, raw, 2)', 2],
    ['max(3, raw)', 7],
    ['round(2.5) + round(-2.5)', 0],
    ['round(2.5)', 3],
    ['floor(-1.5)', -2],
    ['ceil(-1.5)', -1],
    ['ceil(1.2)', 2],
    ['raw * 9007199254740993', 63050394783186951n],
  ])('%s is %s', (source, expected) => {
    expect(compute(source)).toBe(expected)
  })

  it.each([
    ['', 'ends where a number or a name belongs'],
    ['1 +', 'ends where a number or a name belongs'],
    ['1 2', 'has 2 at character 3 where an operator or the end belongs'],
    ['(1', 'ends where ) belongs'],
    ['abs(1, 2)', 'has abs, which takes one number'],
    ['min(1)', 'has min, which takes two numbers or more'],
    ['abs', 'ends where ( belongs'],
    ['a.b', 'has . at character 2, which means nothing'],
    ['raw ** 2', 'has * at character 6 where a number or a name belongs'],
    ['raw; 1', 'has ; at character 4, which means nothing'],
    [`${'('.repeat(40)}1${')'.repeat(40)}`, 'is nested more than 32 deep'],
    ['1+'.repeat(200), 'is longer than 256 characters'],
  ])('cannot be %j', (source, message) => {
    expect(() => compileExpression(source)).toThrow(message)
    expect(() => compileExpression(source)).toThrow('[invalid_config] expression')
  })

  it('knows its names, each once', () => {
    expect(compileExpression('a + max(b, a) / constructor').names).toEqual([
      'a',
      'b',
      'constructor',
    ])
  })

  it('computes whole numbers as integers are computed', () => {
    interface Sum {
      readonly text: string
      readonly value: bigint
    }
    const { sum } = fc.letrec<{ sum: Sum }>((tie) => ({
      sum: fc.oneof(
        { maxDepth: 3 },
        fc.nat(1000).map((n) => ({ text: String(n), value: BigInt(n) })),
        fc.tuple(tie('sum'), fc.constantFrom('+', '-', '*'), tie('sum')).map(([a, sign, b]) => ({
          text: `(${a.text} ${sign} ${b.text})`,
          value:
            { '+': a.value + b.value, '-': a.value - b.value, '*': a.value * b.value }[sign] ?? 0n,
        })),
      ),
    }))
    fc.assert(
      fc.property(sum, ({ text, value }) => {
        fc.pre(text.length <= 256)
        expect(compileExpression(text).compute(() => ({ top: 0n, bottom: 1n }))).toEqual<Fraction>({
          top: value,
          bottom: 1n,
        })
      }),
    )
  })

  it('never fails otherwise, whatever it is made of', () => {
    const part = fc.constantFrom(
      '(',
      ')',
      '+',
      '-',
      '*',
      '/',
      'raw',
      '1',
      '0.5',
      'abs',
      'min',
      ',',
      ' ',
      '.',
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 14 }), (parts) => {
        try {
          expect(Number.isFinite(Number(compute(parts.join(''))))).toBe(true)
        } catch (thrown) {
          expect(String(thrown)).toMatch(/\[(invalid_config|bad_data)\]/)
        }
      }),
    )
  })
})
