import { MapperError, type Value } from '@mapper-sdk/core'
import { describe, expect, it } from 'vitest'
import type { DataTypeName } from '../config/visitor.ts'
import { context } from './over-the-wire.suite.ts'
import { variantOf, type WriteTarget } from './variant.ts'

const written = (dataType: DataTypeName, value: Value, rest: Partial<WriteTarget> = {}) =>
  variantOf(value, { dataType, shape: 'scalar', ...rest }, context)
const valueOf = (...given: Parameters<typeof written>) => {
  const variant = written(...given)
  if (variant instanceof MapperError) throw variant
  return variant.value
}

describe('a scalar', () => {
  it.each<[DataTypeName, Value, unknown]>([
    ['Boolean', 'on', true],
    ['Boolean', 0, false],
    ['Byte', '255', 255],
    ['Int16', 3, 3],
    ['Int64', -1, [0xffff_ffff, 0xffff_ffff]],
    ['UInt64', 2n ** 64n - 1n, [0xffff_ffff, 0xffff_ffff]],
    ['UInt64', '18446744073709551615', [0xffff_ffff, 0xffff_ffff]],
    ['Float', '1e-3', 0.001],
    ['Double', 'NaN', NaN],
    ['Double', 5n, 5],
    ['String', 1.5, '1.5'],
    ['String', true, 'true'],
    ['String', new Uint8Array([10]), '0a'],
    ['DateTime', 5, new Date(5)],
    ['DateTime', '1767225600000', new Date('2026-01-01T00:00:00.000Z')],
    ['DateTime', '2026-05-04', new Date('2026-05-04T00:00:00.000Z')],
    ['DateTime', '2026-05-04T03:02Z', new Date('2026-05-04T03:02:00.000Z')],
    ['DateTime', '2026-05-04T03:02:01.5+02:00', new Date('2026-05-04T01:02:01.500Z')],
    ['DateTime', '2024-02-29T00:00:00.1230000Z', new Date('2024-02-29T00:00:00.123Z')],
    ['Guid', '09087e75-8e5e-499b-954f-f2a9603db28a', '09087E75-8E5E-499B-954F-F2A9603DB28A'],
    ['ByteString', '0x0aFF', Buffer.from([10, 255])],
    ['ByteString', '', Buffer.alloc(0)],
    ['ByteString', 'base64:Cv8=', Buffer.from([10, 255])],
    ['QualifiedName', '2:a:b', { namespaceIndex: 2, name: 'a:b' }],
    ['LocalizedText', 'x', 'x'],
  ])('%s takes %s', (dataType, value, expected) => {
    expect(valueOf(dataType, value)).toEqual(expected)
  })

  it('takes a node id by the URI of its namespace', () => {
    expect(String(valueOf('NodeId', 'nsu=urn:plant;i=5'))).toBe('ns=2;i=5')
  })

  it.each(['BadOutOfRange', '0x803c0000', '2151415808', 2151415808])(
    'takes the status %s',
    (status) => {
      expect(String(valueOf('StatusCode', status))).toBe('BadOutOfRange (0x803c0000)')
    },
  )

  it.each<[DataTypeName, Value, string]>([
    ['Boolean', 2, 'a Boolean is true or false, 1 or 0'],
    ['Boolean', 'maybe', 'is not a boolean'],
    ['SByte', -129, 'SByte goes from -128 to 127'],
    ['Byte', 256, 'Byte goes from 0 to 255'],
    ['UInt16', -1, 'UInt16 goes from 0 to 65535'],
    ['Int32', 2147483648, 'Int32 goes from -2147483648 to 2147483647'],
    ['Int64', 2n ** 63n, 'Int64 goes from'],
    ['UInt64', -1, 'UInt64 goes from'],
    ['Int32', 1.5, 'not a whole number that is exact'],
    ['Int32', NaN, 'not a whole number that is exact'],
    ['UInt64', 2 ** 60, 'not a whole number that is exact'],
    ['Int32', '1.0', 'is not an integer'],
    ['Float', 1e39, 'Float goes to about 3.4e38'],
    ['Double', NaN, 'not a finite number'],
    ['Double', Infinity, 'not a finite number'],
    ['Double', 'one', 'is not a finite number'],
    ['DateTime', '2026-02-30', 'is no time from 1601 to 9999'],
    ['DateTime', '2026-05-04T03:02:01', 'is no time from 1601 to 9999'],
    ['DateTime', '2026-05-04T24:00Z', 'is no time from 1601 to 9999'],
    ['DateTime', '1600-01-01', 'is no time from 1601 to 9999'],
    ['DateTime', '2026-05-04T03:02:01.1234567Z', 'is no time from 1601 to 9999'],
    ['DateTime', 1.5, 'is no time from 1601 to 9999'],
    ['DateTime', true, 'a DateTime is a text'],
    ['Guid', '09087e75', 'write a GUID like'],
    ['ByteString', 'abc', 'is not hex'],
    ['ByteString', 'base64:a', 'not base64 with its padding'],
    ['NodeId', 'Boiler', 'is no node id'],
    ['NodeId', 'nsu=urn:other;i=1', 'is in the namespace urn:other'],
    ['NodeId', 'svr=1;i=1', 'leave out svr='],
    ['NodeId', 85, 'a text is wanted'],
    ['StatusCode', 'BadLuck', 'write a status code by its name or number'],
    ['StatusCode', 'prototype', 'write a status code by its name or number'],
    ['QualifiedName', '70000:x', 'the highest namespace index is 65535'],
  ])('%s does not take %s', (dataType, value, message) => {
    const refused = written(dataType, value)
    if (!(refused instanceof MapperError)) throw new Error('it was taken')
    expect(refused.code).toBe('bad_data')
    expect(refused.detail).toContain(message)
  })
})

describe('an enumeration', () => {
  const enumNames = new Map([
    [0, 'Off'],
    [7, 'Auto'],
  ])

  it('takes names and numbers', () => {
    expect(valueOf('Int32', 'Auto', { enumNames })).toBe(7)
    expect(valueOf('Int32', '7', { enumNames })).toBe(7)
    expect(valueOf('Int32', 7, { enumNames })).toBe(7)
    expect(valueOf('Int32', '["Off",7]', { enumNames, shape: 'array' })).toEqual(
      Int32Array.of(0, 7),
    )
  })

  it('names its names to whoever writes another', () => {
    expect(written('Int32', 'auto', { enumNames })).toMatchObject({
      code: 'bad_data',
      detail: '"auto" cannot be written: it is none of Off, Auto',
    })
  })
})

describe('an array', () => {
  it('of numbers is packed as it is sent', () => {
    expect(written('UInt16', '[1, 2]', { shape: 'array' })).toEqual({
      dataType: 5,
      arrayType: 1,
      value: Uint16Array.of(1, 2),
    })
    expect(valueOf('Int64', '[9223372036854775807,"-1"]', { shape: 'array' })).toEqual([
      [0x7fff_ffff, 0xffff_ffff],
      [0xffff_ffff, 0xffff_ffff],
    ])
    expect(valueOf('Byte', new Uint8Array([1]), { shape: 'array' })).toEqual(Uint8Array.of(1))
    expect(valueOf('ByteString', '["Cv8=",null]', { shape: 'array' })).toEqual([
      Buffer.from([10, 255]),
      null,
    ])
  })

  it('of one element is sent where an index range names one', () => {
    expect(written('Double', 5, { shape: 'element' })).toEqual({
      dataType: 11,
      arrayType: 1,
      value: Float64Array.of(5),
    })
    expect(valueOf('Double', '[5]', { shape: 'element' })).toEqual(Float64Array.of(5))
  })

  it.each<[WriteTarget['shape'], Value, string]>([
    ['array', '5', 'an array of Int32 is wanted; write a JSON array such as [1,2]'],
    ['array', 5, 'an array of Int32 is wanted'],
    ['array', '[1,', 'is no JSON'],
    ['array', '[1,"x"]', '"x" is not an integer'],
    ['array', '[1,null]', 'Int32 has no null'],
    ['array', '[1,[2]]', 'a single Int32 is wanted'],
    ['array', '[1,{}]', 'a single Int32 is wanted'],
    ['array', '[1,2147483648]', 'Int32 goes from'],
    ['array', '[1,9007199254740993]', '"9007199254740993" cannot be written: Int32 goes from'],
    ['element', '[1,2]', 'a single element is wanted'],
    ['matrix', '[1,2]', 'a matrix is a JSON array of arrays'],
    ['matrix', '[[1],[2,3]]', 'the rows of a matrix have the same length'],
    ['matrix', '[[1],2]', 'the rows of a matrix have the same length'],
    ['matrix', '[1,[2]]', 'the rows of a matrix have the same length'],
  ])('%s does not take %s', (shape, value, message) => {
    const refused = written('Int32', value, { shape })
    if (!(refused instanceof MapperError)) throw new Error('it was taken')
    expect(refused.code).toBe('bad_data')
    expect(refused.detail).toContain(message)
  })
})
