import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import {
  anyPack,
  BytesValueSchema,
  DoubleValueSchema,
  FloatValueSchema,
  Int32ValueSchema,
  Int64ValueSchema,
  ListValueSchema,
  StringValueSchema,
  StructSchema,
  UInt32ValueSchema,
  UInt64ValueSchema,
  ValueSchema,
  type Any,
  type Value,
} from '@bufbuild/protobuf/wkt'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { float32, fromAny, fromAnyMap, toAny } from './any.ts'
import { CustomizedValueSchema } from './gen/dmi_pb.ts'

const any = (typeUrl: string, hex = ''): Any => ({
  $typeName: 'google.protobuf.Any',
  typeUrl: `type.googleapis.com/${typeUrl}`,
  value: Buffer.from(hex, 'hex'),
})

describe('fromAny', () => {
  test('reads every wrapper', () => {
    const read = (value: Any) => {
      const result = fromAny(value)
      return result.ok ? result.value : result.issue
    }
    const of = <T>(value: T) => ({ value })
    expect(read(anyPack(StringValueSchema, create(StringValueSchema, of('süd'))))).toBe('süd')
    expect(read(anyPack(FloatValueSchema, create(FloatValueSchema, of(15502))))).toBe(15502)
    expect(read(anyPack(DoubleValueSchema, create(DoubleValueSchema, of(0.1))))).toBe(0.1)
    expect(read(anyPack(Int32ValueSchema, create(Int32ValueSchema, of(-7))))).toBe(-7)
    expect(read(anyPack(UInt32ValueSchema, create(UInt32ValueSchema, of(2 ** 32 - 1))))).toBe(
      2 ** 32 - 1,
    )
    expect(read(anyPack(Int64ValueSchema, create(Int64ValueSchema, of(-42n))))).toBe(-42)
    expect(read(anyPack(Int64ValueSchema, create(Int64ValueSchema, of(2n ** 62n))))).toBe(2n ** 62n)
    expect(read(anyPack(UInt64ValueSchema, create(UInt64ValueSchema, of(2n ** 64n - 1n))))).toBe(
      2n ** 64n - 1n,
    )
    const bytes = create(BytesValueSchema, of(Uint8Array.of(0, 255)))
    expect(read(anyPack(BytesValueSchema, bytes))).toBe('00ff')
    expect(read(any('google.protobuf.BoolValue', '0801'))).toBe(true)
  })

  test('an empty value is the zero of its type', () => {
    expect(fromAny(any('google.protobuf.FloatValue'))).toEqual({ ok: true, value: 0 })
    expect(fromAny(any('google.protobuf.BoolValue'))).toEqual({ ok: true, value: false })
    expect(fromAny(any('google.protobuf.StringValue'))).toEqual({ ok: true, value: '' })
  })

  test('reads Struct, Value and ListValue', () => {
    const value = (kind: Value['kind']) => create(ValueSchema, { kind })
    const list = create(ListValueSchema, {
      values: [
        value({ case: 'nullValue', value: 0 }),
        value({ case: 'numberValue', value: 1.5 }),
        value({ case: 'stringValue', value: 'x' }),
        value({ case: 'boolValue', value: true }),
      ],
    })
    const struct = create(StructSchema, { fields: {} })
    struct.fields['list'] = value({ case: 'listValue', value: list })
    expect(fromAny(anyPack(StructSchema, struct))).toEqual({
      ok: true,
      value: { list: [null, 1.5, 'x', true] },
    })
    expect(fromAny(anyPack(ListValueSchema, list))).toMatchObject({ ok: true })
    const single = value({ case: 'stringValue', value: 'y' })
    expect(fromAny(anyPack(ValueSchema, single))).toEqual({ ok: true, value: 'y' })
  })

  test('refuses nesting without end, unknown types, broken bytes and infinities', () => {
    let deep = create(ValueSchema, { kind: { case: 'boolValue', value: true } })
    for (let i = 0; i < 60; i++) {
      const values = [deep]
      deep = create(ValueSchema, { kind: { case: 'listValue', value: { values } as never } })
    }
    for (const bad of [
      anyPack(ValueSchema, deep),
      any('example.com.Unknown', '0801'),
      any(''),
      any('google.protobuf.FloatValue', '0d00'),
      any('google.protobuf.StringValue', '0a05ff'),
      any('google.protobuf.FloatValue', '0d0000807f'),
      any('google.protobuf.FloatValue', '0d0000c07f'),
    ]) {
      expect(fromAny(bad).ok).toBe(false)
    }
  })

  test('never throws, whatever the type and the bytes', () => {
    const types = ['String', 'Bool', 'Float', 'Double', 'Int64', 'UInt32', 'Bytes'].map(
      (name) => `google.protobuf.${name}Value`,
    )
    fc.assert(
      fc.property(
        fc.constantFrom(...types, 'google.protobuf.Struct', 'google.protobuf.Value', 'x.Y'),
        fc.uint8Array({ maxLength: 40 }),
        (type, bytes) => {
          const result = fromAny(any(type, Buffer.from(bytes).toString('hex')))
          expect(typeof result.ok).toBe('boolean')
        },
      ),
      { numRuns: 2000 },
    )
  })
})

describe('fromAnyMap', () => {
  test('leaves out what it cannot read and says so', () => {
    const data = { ip: toAny('127.0.0.1'), port: toAny(502), bad: any('nope') }
    expect(fromAnyMap(data)).toEqual({
      config: { ip: '127.0.0.1', port: 502 },
      issues: ["bad: cannot read a value of type 'type.googleapis.com/nope'"],
    })
  })

  test('hostile keys change no prototype', () => {
    const message = create(CustomizedValueSchema, { data: { PROTOTYPE: toAny('x') } })
    const text = Buffer.from(toBinary(CustomizedValueSchema, message)).toString('latin1')
    const hostile = Buffer.from(text.replace('PROTOTYPE', '__proto__'), 'latin1')
    const before = Object.getOwnPropertyNames(Object.prototype)
    const { data } = fromBinary(CustomizedValueSchema, hostile)
    data['constructor'] = toAny('c')
    data['toString'] = toAny('t')
    const { config, issues } = fromAnyMap(data)
    expect(issues).toEqual(['__proto__: this key cannot be used'])
    expect(Object.entries(config)).toEqual([
      ['constructor', 'c'],
      ['toString', 't'],
    ])
    expect(Object.getPrototypeOf(config)).toBe(Object.prototype)
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before)
  })
})

describe('float32', () => {
  test.each([
    [0.1, 0.1],
    [9600, 9600],
    [16777217, 16777216],
    [3.141592653589793, 3.1415927],
    [-7, -7],
    [1e-45, 1e-45],
    [1.5e-10, 1.5e-10],
    [3.4028235e38, 3.4028235e38],
  ])('%f arrives as %f', (written, arrives) => {
    expect(float32(Math.fround(written))).toBe(arrives)
  })

  test('round-trips, is never longer than needed, and keeps whole numbers to 2^24', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const short = float32(value)
        expect(Math.fround(short) === value).toBe(true)
        const candidates = Array.from({ length: 9 }, (_, i) => Number(value.toPrecision(i + 1)))
        expect(candidates.find((other) => Math.fround(other) === value)).toBe(short)
      }),
      { numRuns: 5000 },
    )
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 24), max: 2 ** 24 }), (whole) => {
        expect(float32(whole)).toBe(whole)
      }),
    )
  })

  test('a decimal of up to six digits survives the way through EdgeCore', () => {
    fc.assert(
      fc.property(fc.integer({ min: -999_999, max: 999_999 }), fc.nat(6), (digits, places) => {
        const written = Number(`${digits}e-${places}`)
        const result = fromAny(toAny(written))
        expect(result.ok && Object.is(result.value, written === 0 ? 0 : written)).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('toAny', () => {
  test('packs as EdgeCore does', () => {
    expect(Buffer.from(toAny(15502).value).toString('hex')).toBe('0d00387246')
    expect(toAny(15502).typeUrl).toBe('type.googleapis.com/google.protobuf.FloatValue')
    expect(Buffer.from(toAny(true).value).toString('hex')).toBe('0801')
    expect(toAny(false).value).toHaveLength(0)
    expect(toAny('').value).toHaveLength(0)
    expect(fromAny(toAny(1e39)).ok).toBe(false)
    expect(fromAny(toAny(4294967295n))).toEqual({ ok: true, value: 4294967300 })
  })

  test.each([null, [1], { a: 1 }])('refuses %j', (value) => {
    expect(() => toAny(value)).toThrow(/does not support converting to any/)
  })

  test('every text comes back', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'grapheme' }), fc.boolean()), (value) => {
        expect(fromAny(toAny(value))).toEqual({ ok: true, value })
      }),
    )
  })
})
