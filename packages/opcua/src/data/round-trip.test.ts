import { MapperError, shortestFloat32, type Value } from '@mapper-sdk/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dataTypes, type DataTypeName } from '../config/visitor.ts'
import { context, overTheWire } from './over-the-wire.suite.ts'
import { outcomeOf } from './value.ts'
import { variantOf, type WriteTarget } from './variant.ts'

const shown = (target: WriteTarget, value: Value) =>
  outcomeOf(overTheWire(variantOf(value, target, context)), { timestamps: 'local' }, 0)

const whole = (lowest: bigint, highest: bigint) =>
  fc
    .oneof(fc.bigInt(lowest, highest), fc.constantFrom(lowest, highest))
    .map((integer) => (Number.isSafeInteger(Number(integer)) ? Number(integer) : integer))
const signed = (bits: bigint) => whole(-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n)
const unsigned = (bits: bigint) => whole(0n, 2n ** bits - 1n)
const hex = (length: number) =>
  fc
    .array(fc.constantFrom(...'0123456789ABCDEF'), { minLength: length, maxLength: length })
    .map((digits) => digits.join(''))
const guid = fc.tuple(hex(8), hex(4), hex(4), hex(4), hex(12)).map((parts) => parts.join('-'))
const text = fc.string({ unit: 'binary' })
const float = fc.float({ noNaN: true, noDefaultInfinity: true }).map(shortestFloat32)
const double = fc.double({ noNaN: true, noDefaultInfinity: true })
const time = fc
  .date({
    min: new Date('1601-01-01T00:00:00.000Z'),
    max: new Date('9999-12-31T23:59:59.999Z'),
    noInvalidDate: true,
  })
  .map((date) => date.toISOString())
const nodeId = fc.oneof(
  guid.map((id) => `ns=3;g=${id}`),
  fc.nat().map((id) => `i=${id}`),
  fc.string({ minLength: 1, unit: 'grapheme' }).map((id) => `ns=2;s=${id}`),
  fc.uint8Array({ minLength: 1 }).map((id) => `ns=4;b=${Buffer.from(id).toString('base64')}`),
)

const scalars: Readonly<Record<DataTypeName, fc.Arbitrary<Value>>> = {
  Boolean: fc.boolean(),
  SByte: signed(8n),
  Byte: unsigned(8n),
  Int16: signed(16n),
  UInt16: unsigned(16n),
  Int32: signed(32n),
  UInt32: unsigned(32n),
  Int64: signed(64n),
  UInt64: unsigned(64n),
  Float: float,
  Double: double,
  String: text,
  DateTime: time,
  Guid: guid,
  ByteString: fc.uint8Array(),
  XmlElement: text,
  NodeId: nodeId,
  ExpandedNodeId: fc.oneof(
    nodeId,
    fc.constantFrom('nsu=urn:a%3Bb;s=x', 'svr=2;ns=3;i=5', 'svr=1;nsu=urn:x;i=5'),
  ),
  StatusCode: fc.constantFrom('Good', 'BadOutOfRange', 'UncertainInitialValue'),
  QualifiedName: fc.oneof(
    fc.constantFrom('Name', '2:Name', '0:2:Name', '65535:a:b'),
    fc.string({ minLength: 1 }).map((name) => `7:${name}`),
  ),
  LocalizedText: text,
}

/** A value as an array of JSON shows it. */
const inJson = (value: Value) => {
  if (value instanceof Uint8Array) return JSON.stringify(Buffer.from(value).toString('base64'))
  if (typeof value === 'bigint') return String(value)
  return Object.is(value, -0) ? '-0' : JSON.stringify(value)
}
const json = (values: readonly Value[]) => `[${values.map(inJson).join(',')}]`

describe.each(dataTypes)('%s', (dataType) => {
  const scalar = scalars[dataType]

  it('is read as it was written', () => {
    fc.assert(
      fc.property(scalar, (value) => {
        expect(shown({ dataType, shape: 'scalar' }, value)).toEqual({ ok: true, value })
      }),
    )
  })

  it('is read as it was written, many at once', () => {
    fc.assert(
      fc.property(fc.array(scalar), (values) => {
        const value = json(values)
        expect(shown({ dataType, shape: 'array' }, value)).toEqual({ ok: true, value })
        if (values.length > 0) {
          expect(shown({ dataType, shape: 'any' }, value)).toEqual({ ok: true, value })
        }
      }),
    )
  })

  it('is read as it was written, as a matrix', () => {
    const row = (width: number) => fc.array(scalar, { minLength: width, maxLength: width })
    const rows = fc
      .integer({ min: 1, max: 4 })
      .chain((width) => fc.array(row(width), { minLength: 1, maxLength: 4 }))
    fc.assert(
      fc.property(rows, (matrix) => {
        const value = `[${matrix.map(json).join(',')}]`
        const target = { dataType, shape: 'matrix' } as const
        expect(variantOf(value, target, context)).toMatchObject({
          dimensions: [matrix.length, matrix[0]?.length],
        })
        expect(shown(target, value)).toEqual({ ok: true, value })
      }),
      { numRuns: 30 },
    )
  })

  it('is sent as an array of one where an index range names it', () => {
    fc.assert(
      fc.property(scalar, (value) => {
        const target = { dataType, shape: 'element' } as const
        // A text that begins like an array is taken for one.
        fc.pre(typeof value !== 'string' || !value.trimStart().startsWith('['))
        expect(shown(target, value)).toEqual({ ok: true, value: json([value]) })
      }),
    )
  })

  it('refuses what it is not, and never throws', () => {
    const anything: fc.Arbitrary<Value> = fc.oneof(
      fc.double(),
      fc.bigInt(),
      fc.boolean(),
      fc.string(),
      fc.json(),
      fc.uint8Array(),
    )
    const shape = fc.constantFrom('scalar', 'array', 'matrix', 'element', 'any')
    fc.assert(
      fc.property(anything, shape, (value, into) => {
        const variant = variantOf(value, { dataType, shape: into }, context)
        if (variant instanceof MapperError) expect(variant.code).toBe('bad_data')
        else expect(outcomeOf(overTheWire(variant), { timestamps: 'local' }, 0).ok).toBe(true)
      }),
      { numRuns: 300 },
    )
  })
})
