import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import type { Value } from '@mapper-sdk/core'
import { compileTemplateReader } from './read-template.ts'
import { compileTemplate } from './template.ts'

const ascii = (text: string) => Buffer.from(text, 'latin1')

describe('what a template was made with', () => {
  it.each([
    ['{address:02d}R1', '03R1', { address: '3' }],
    ['TA {value:.2f} g', 'TA 12.50 g', { value: '12.50' }],
    ['P{value:+08.2f}', 'P-0012.50', { value: '-12.50' }],
    ['P{value:8.2f}', 'P   12.50', { value: '12.50' }],
    ['{address}A{value:d}R', '1A-200R', { address: '1', value: '-200' }],
    ['X{value:X4}', 'X00FF', { value: '255' }],
    ['"{value:<12}"', '"hello       "', { value: 'hello' }],
    ['{value:>4}!', '  ab!', { value: 'ab' }],
    ['hex:08 {value:i32be}', '\x08\xff\xff\xff\xfe', { value: '-2' }],
    ['hex:{value:bcd4} 0d', '\x12\x34\x0d', { value: '1234' }],
    ['hex:{value:bcd4le} 0d', '\x34\x12\x0d', { value: '1234' }],
    ['{a}-{a}', '7-7', { a: '7' }],
    ['SI', 'SI', {}],
  ])('%s of %j', (template, text, values) => {
    expect(compileTemplateReader(template)(ascii(text))).toEqual(values)
  })

  it.each([
    ['{address:02d}R1', '3R1'],
    ['SI', 'SIR'],
    ['S.I', 'SXI'],
    ['{a}-{a}', '7-8'],
    ['hex:{value:bcd2}', '\x1a'],
    ['hex:{value:f32be}', '\x7f\xc0\x00\x00'],
  ])('%s does not read %j', (template, text) => {
    expect(compileTemplateReader(template)(ascii(text))).toBeUndefined()
  })

  const integers = [
    'd',
    '6d',
    '06d',
    '+06d',
    'x6',
    'X',
    'i32be',
    'i32le',
    'u24be',
    'bcd6',
    'bcd6le',
  ]
  // The sign of a zero is nothing that a text has.
  const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0)
  const kinds: readonly (readonly [string, fc.Arbitrary<Value>])[] = [
    ...integers.map((format) => [format, fc.integer({ min: 0, max: 99_999 })] as const),
    ['.2f', fc.integer({ min: -99_999, max: 99_999 }).map((n) => n / 100)],
    ['+09.2f', fc.integer({ min: -99_999, max: 99_999 }).map((n) => n / 100)],
    ['f64be', finite],
    ['<10', fc.stringMatching(/^[A-Za-z0-9]{0,10}$/)],
    ['', fc.integer()],
  ]

  it.each(kinds)('makes the same bytes again: {value:%s}', (format, values) => {
    const text = `<STX>V({value${format === '' ? '' : `:${format}`}})\\\\`
    const { render } = compileTemplate(text, ['value'])
    const read = compileTemplateReader(text)
    fc.assert(
      fc.property(values, (value) => {
        const bytes = render({ value })
        const found = read(bytes)
        expect(found).toBeDefined()
        expect(render(found ?? {})).toEqual(bytes)
      }),
    )
  })

  it('takes any bytes', () => {
    const read = compileTemplateReader('{address:02d}A{value:.1f}{text}')
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect(['object', 'undefined']).toContain(typeof read(bytes))
      }),
    )
  })
})
