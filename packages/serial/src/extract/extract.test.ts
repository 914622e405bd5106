import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileTemplate } from '../template/template.ts'
import type { ExtractSpec } from './extract-spec.ts'
import { compileExtract } from './extract.ts'

const extract = (spec: ExtractSpec, frame: string | Uint8Array) => {
  const pattern = /(?<weight>[-0-9.]*) (?<unit>\w+)/.exec(String(frame).slice(0, 40))
  const groups = { weight: '', unit: '', ...pattern?.groups }
  return compileExtract(spec, Object.keys(groups))(
    typeof frame === 'string' ? Buffer.from(frame, 'latin1') : frame,
    groups,
  )
}
const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'))

describe('a value of a text', () => {
  it.each<[ExtractSpec, string, unknown]>([
    [{ group: 'weight' }, 'S -12.50 g', -12.5],
    [{ group: 'weight', scale: 0.1, offset: -40 }, '3 g', -39.7],
    [{ group: 'unit', type: 'text' }, '1 kg', 'kg'],
    [{ pattern: '=(?<x>\\d+)', group: 'x' }, 'a=12', 12],
    [{ column: { index: 1 } }, 'a,-1.5,b', -1.5],
    [{ column: { index: 2, separator: ' ' } }, '  a   b   7 ', 7],
    [{ characters: { at: 1, length: 3 }, type: 'text' }, 'a bcd', 'bc'],
    [{ characters: { at: 1, length: 3 }, type: 'text', trim: false }, 'a bcd', ' bc'],
    [{ characters: { at: -2 }, digits: 'hex' }, 'xx1F', 31],
    [{ json: 'a.b[1]["c d"]' }, '{"a":{"b":[0,{"c d":2.5}]}}', 2.5],
    [{ json: 'on', type: 'boolean' }, '{"on":true}', true],
    [{}, '+1.2345E+03', 1234.5],
    [{}, '9007199254740993', 9007199254740993n],
    [{ type: 'integer' }, '12.00', 12],
    [{ type: 'text' }, ' ABC-1 ', 'ABC-1'],
    [{ type: 'text', encoding: 'utf8' }, '21 \xc2\xb0C', '21 °C'],
    [{ type: 'bytes' }, 'AB', bytes('4142')],
    [{ type: 'boolean', lookup: { ON: 'true', OFF: 'false' } }, 'OFF', false],
    [{ lookup: { LOW: '1' }, otherwise: '0' }, 'X', 0],
    [
      { group: 'weight', factor: { group: 'unit', lookup: { g: '0.001', kg: '1' } } },
      '250 g',
      0.25,
    ],
    [{ expression: '(raw - 32) * 5 / 9' }, '212', 100],
    [{ group: 'weight', expression: 'max(raw, weight * 2)' }, '4 g', 8],
    [
      {
        expression: 'raw * sign',
        column: { index: 0 },
        with: { sign: { column: { index: 1 }, lookup: { S: '-1', N: '1' } } },
      },
      '5,S',
      -5,
    ],
    [
      { expression: 'floor(raw / 100) + (raw - floor(raw / 100) * 100) / 60' },
      '5057.970',
      50.9661666666666667,
    ],
  ])('%j of %j is %s', (spec, frame, expected) => {
    expect(extract(spec, frame)).toEqual(expected)
  })

  it.each<[ExtractSpec, string, string]>([
    [{ group: 'weight' }, '--.-- g', 'group weight is "--.--", which is no number'],
    [{ column: { index: 1 } }, 'a', 'column 1 is not there; the frame has 1'],
    [{ column: { index: 1 } }, 'a,,b', 'column 1 is empty, which is no number'],
    [{ type: 'integer' }, '1.5', 'which makes no integer'],
    [{ type: 'boolean' }, '2', 'neither true nor false'],
    [{ lookup: { A: '1' } }, 'B', 'the frame is "B", which is not listed; lookup has A'],
    [{ json: 'a.b' }, '{"a":1}', '$.a of the frame has no b'],
    [{ json: 'toString' }, '{}', '$ of the frame has no toString'],
    [{ json: 'a' }, 'x', 'the frame is no JSON'],
    [{ json: 'a' }, '{"a":9007199254740993}', 'too large to be exact'],
    [{ json: 'a' }, '{"a":1e999}', 'no finite number'],
    [{ json: 'a' }, '{"a":[]}', '$.a is a list'],
    [{ expression: '1 / (raw - 1)' }, '1', 'would be divided by zero'],
    [{ expression: 'raw * raw' }, '1e200', 'is larger than any number'],
    [{}, 'NaN', 'which is no number'],
    [{}, '1e999', 'is larger than any number'],
    [{ digits: 'hex' }, '0x1G', 'which is not hexadecimal'],
    [{ pattern: '^a(?<x>.)', group: 'x' }, 'b', 'does not have the pattern'],
    [{ type: 'text', encoding: 'utf8' }, '\xff', 'is no UTF-8'],
  ])('%j refuses %j', (spec, frame, message) => {
    expect(() => extract(spec, frame)).toThrow(message)
    expect(() => extract(spec, frame)).toThrow('[bad_data]')
  })

  it.each<[ExtractSpec, string]>([
    [{ group: 'x' }, 'group x is not there; the pattern has weight, unit'],
    [{ group: 'unit', column: { index: 0 } }, 'has group and column; a value is at one place'],
    [{ type: 'text', scale: 2 }, 'scale is for numbers, but type is text'],
    [{ digits: 'hex', type: 'text' }, 'digits: hex is for numbers, but type is text'],
    [{ digits: 'hex', lookup: {} }, 'digits: hex is for numbers, but lookup lists texts'],
    [{ otherwise: '1' }, 'otherwise is for lookup'],
    [{ expression: 'raw + y' }, 'expression has y; known are raw, weight, unit'],
    [{ with: { a: {} } }, 'with is for expression'],
    [{ expression: 'raw', with: { a: {} } }, 'which expression does not use'],
    [{ expression: 'raw', with: { max: {} } }, 'with has max, which cannot be a name'],
    [{ json: 'a..b' }, 'is no path in JSON'],
    [{ bytes: { at: 0, type: 'u8', length: 1 } }, 'bytes.length is for bcd'],
    [{ bytes: { at: 0, type: 'f32be', bits: { from: 0 } } }, 'bytes.bits is for whole numbers'],
    [{ bytes: { at: 0, type: 'u8', bits: { from: 63, count: 2 } } }, 'beyond bit 63'],
  ])('cannot be %j', (spec, message) => {
    expect(() => extract(spec, '')).toThrow(message)
    expect(() => extract(spec, '')).toThrow('[invalid_config]')
  })
})

describe('a value of bytes', () => {
  const at = 1
  it.each<[NonNullable<ExtractSpec['bytes']>, string, unknown]>([
    [{ at, type: 'u8' }, '00 ff', 255],
    [{ at, type: 'i16be' }, '00 ff fe', -2],
    [{ at, type: 'u64le' }, '00 01 00 00 00 00 00 00 80', 2n ** 63n + 1n],
    [{ at, type: 'f32be' }, '00 3d cc cc cd', 0.1],
    [{ at, type: 'f64le' }, '00 00 00 00 00 00 00 b0 43', 2 ** 60],
    [{ at, type: 'bcd' }, '00 12 34', 1234],
    [{ at, type: 'bcdle', length: 2 }, '00 34 12 ff', 1234],
    [{ at: -2, type: 'hex' }, '00 31 46', 31],
    [{ at, type: 'decimal', length: 4 }, '00 2d 31 2e 35', -1.5],
    [{ at, type: 'u8', bits: { from: 4, count: 3 } }, '00 b5', 3],
    [{ at, type: 'i8', bits: { from: 7 } }, '00 80', 1],
    [{ at, type: 'hex', length: 2, bits: { from: 1 } }, '00 30 32', 1],
  ])('%j of %s is %s', (spec, frame, expected) => {
    expect(extract({ bytes: spec }, bytes(frame))).toBe(expected)
  })

  it.each<[NonNullable<ExtractSpec['bytes']>, string, string]>([
    [{ at, type: 'u16be' }, '00 01', 'byte 1 is not there with 2 bytes; the frame has 2 bytes'],
    [{ at: -3, type: 'u8' }, '00', 'byte -3 is not there'],
    [{ at, type: 'bcd' }, '00 1a', 'byte 1 is bytes 1a, which is no BCD'],
    [{ at, type: 'f32be' }, '00 7f c0 00 00', 'which is no finite number'],
    [{ at, type: 'f64be' }, '00 7f f0 00 00 00 00 00 00', 'which is no finite number'],
    [{ at, type: 'decimal', bits: { from: 0 } }, '00 31 2e 35', 'which has no bits'],
  ])('%j refuses %s', (spec, frame, message) => {
    expect(() => extract({ bytes: spec }, bytes(frame))).toThrow(message)
    expect(() => extract({ bytes: spec }, bytes(frame))).toThrow('[bad_data]')
  })

  it('is what a template wrote', () => {
    const types = ['u8', 'i8', 'u16le', 'i24be', 'u32be', 'i64le', 'u64be'] as const
    fc.assert(
      fc.property(fc.constantFrom(...types), fc.bigInt(0n, 127n), fc.nat(20), (type, value, at) => {
        const frame = [
          ...new Uint8Array(at),
          ...compileTemplate(`{v:${type}}`, ['v']).render({ v: value }),
        ]
        expect(extract({ bytes: { at, type } }, Uint8Array.from(frame))).toBe(Number(value))
      }),
    )
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const frame = compileTemplate('{v:f64be}', ['v']).render({ v: value })
        expect(extract({ bytes: { at: 0, type: 'f64be' } }, frame)).toBe(value + 0)
      }),
    )
    fc.assert(
      fc.property(fc.bigInt(-(2n ** 63n), 2n ** 64n - 1n), (value) => {
        const frame = compileTemplate('{v:d}', ['v']).render({ v: value })
        expect(BigInt(extract({}, frame) as bigint)).toBe(value)
      }),
    )
  })

  it('never fails but with bad_data, whatever the frame', () => {
    const specs: ExtractSpec[] = [
      {},
      { column: { index: 1 } },
      { json: 'a[0].b' },
      { bytes: { at: 2, type: 'bcd', length: 3 }, scale: 0.1 },
      { bytes: { at: -9, type: 'f64le' }, expression: '1 / raw' },
      { digits: 'hex' },
      { type: 'boolean' },
      { type: 'text', encoding: 'utf8' },
    ]
    const text = fc.string({ maxLength: 30 }).map((one) => Uint8Array.from(Buffer.from(one)))
    const digits = fc
      .stringMatching(/^[-+.0-9eE, ]{0,12}$/)
      .map((one) => Uint8Array.from(Buffer.from(one)))
    const frame = fc.oneof(fc.uint8Array({ maxLength: 30 }), text, digits)
    fc.assert(
      fc.property(fc.constantFrom(...specs), frame, (spec, payload) => {
        try {
          const value = extract(spec, payload)
          if (typeof value === 'number') expect(Number.isFinite(value)).toBe(true)
        } catch (thrown) {
          expect(String(thrown)).toContain('[bad_data]')
        }
      }),
    )
  })

  it('bounds the numbers that it computes with', () => {
    expect(() => extract({}, '9'.repeat(60_000))).toThrow('[bad_data]')
    expect(() => extract({ digits: 'hex' }, 'f'.repeat(60_000))).toThrow('[bad_data]')
    const power = Array.from({ length: 60 }, () => 'raw').join('*')
    expect(() => extract({ expression: power }, '1e300')).toThrow('too large to be computed with')
    expect(() => extract({}, `1${' '.repeat(60_000)}x`)).toThrow('which is no number')
    expect(() => extract({ json: 'a' }, '['.repeat(60_000))).toThrow('no JSON')
  })
})
