import type { Outcome, Value } from '@mapper-sdk/core'
import fc from 'fast-check'
import { DataType, DataValue, StatusCodes } from 'node-opcua-client'
import { describe, expect, it } from 'vitest'
import { parseMemberPath } from '../config/member-path.ts'
import { builtIn } from './built-in.ts'
import { longestJson } from './json.ts'
import { outcomeOf, type Reading } from './value.ts'

const now = Date.UTC(2026, 0, 1)

const shown = (
  value: object | null,
  reading: Partial<Reading> = {},
  status: { value: number; name?: string } = { value: 0, name: 'Good' },
): Outcome<Value> =>
  outcomeOf({ value: value as never, statusCode: status }, { timestamps: 'local', ...reading }, now)
const scalar = (dataType: number, value: unknown, reading: Partial<Reading> = {}) =>
  shown({ dataType, arrayType: 0, value }, reading)
const errorOf = (outcome: Outcome<Value>) => {
  if (outcome.ok) throw new Error(`it has the value ${String(outcome.value)}`)
  return outcome.error
}

it('numbers the built-in types as node-opcua does', () => {
  for (const [name, type] of Object.entries(builtIn)) expect(DataType[type]).toBe(name)
  expect(Object.keys(builtIn)).toHaveLength(26)
})

describe('the quality', () => {
  const good = { dataType: builtIn.Double, arrayType: 0, value: 1.5 }

  it('of a good value is not mentioned', () => {
    expect(shown(good)).toEqual({ ok: true, value: 1.5 })
    const flagged = StatusCodes.GoodWithOverflowBit
    expect(shown(good, {}, flagged)).toEqual({ ok: true, value: 1.5 })
  })

  it('of an uncertain value is', () => {
    const status = StatusCodes.UncertainLastUsableValue
    expect(shown(good, {}, status)).toEqual({ ok: true, value: 1.5, uncertain: true })
  })

  it('that is bad makes an error of it, whatever value comes along', () => {
    const error = errorOf(shown(good, {}, StatusCodes.BadNoCommunication))
    expect(error.code).toBe('unreachable')
    expect(error.detail).toBe('BadNoCommunication, the server has no connection to its device')
  })

  it('is never good for a code that is not', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffff_ffff }), (value) => {
        const outcome = shown(good, {}, { value })
        expect(outcome.ok).toBe(value < 0x8000_0000)
        expect(outcome.ok && outcome.uncertain === true).toBe(
          value >= 0x4000_0000 && value < 0x8000_0000,
        )
      }),
    )
  })
})

describe('no value', () => {
  it.each([
    ['a null variant', { dataType: 0, arrayType: 0, value: null }],
    ['no variant', null],
    ['a number that is null', { dataType: builtIn.Double, arrayType: 0, value: null }],
    ['a number that is missing', { dataType: builtIn.Double, arrayType: 0, value: undefined }],
    ['an integer of 64 bits that is null', { dataType: builtIn.Int64, arrayType: 0, value: null }],
    ['a structure that is null', { dataType: builtIn.ExtensionObject, arrayType: 0, value: null }],
  ])('is said of %s', (_, variant) => {
    expect(errorOf(shown(variant))).toMatchObject({
      code: 'unsupported',
      detail: 'the node has no value',
    })
  })

  it('is what a new DataValue of node-opcua has', () => {
    expect(errorOf(outcomeOf(new DataValue(), { timestamps: 'source' }, now)).code).toBe(
      'unsupported',
    )
  })

  it.each([
    ['a text', builtIn.String, ''],
    ['bytes', builtIn.ByteString, new Uint8Array()],
  ])('is not said of %s that is null, which is empty', (_, type, value) => {
    expect(scalar(type, null)).toEqual({ ok: true, value })
  })

  it('is not said of an array that is null, which is empty', () => {
    const variant = { dataType: builtIn.Int32, arrayType: 1, value: null }
    expect(shown(variant)).toEqual({ ok: true, value: '[]' })
  })
})

describe('a scalar', () => {
  it.each<[string, number, unknown, Value]>([
    ['Float, in the shortest decimal', builtIn.Float, Math.fround(0.1), 0.1],
    ['Int64 below 2^53', builtIn.Int64, [0xffff_ffff, 0xffff_ffff], -1],
    ['the lowest Int64', builtIn.Int64, [0x8000_0000, 0], -(2n ** 63n)],
    ['the highest Int64', builtIn.Int64, [0x7fff_ffff, 0xffff_ffff], 2n ** 63n - 1n],
    ['the highest UInt64', builtIn.UInt64, [0xffff_ffff, 0xffff_ffff], 2n ** 64n - 1n],
    ['2^53 − 1', builtIn.UInt64, [0x1f_ffff, 0xffff_ffff], 2 ** 53 - 1],
    ['2^53', builtIn.UInt64, [0x20_0000, 0], 2n ** 53n],
    ['DateTime', builtIn.DateTime, new Date(1), '1970-01-01T00:00:00.001Z'],
    ['a DateTime past all times', builtIn.DateTime, new Date(8e15), '9999-12-31T23:59:59.999Z'],
    ['a DateTime before all times', builtIn.DateTime, null, '1601-01-01T00:00:00.000Z'],
    ['StatusCode', builtIn.StatusCode, StatusCodes.BadTimeout, 'BadTimeout'],
    ['QualifiedName', builtIn.QualifiedName, { namespaceIndex: 2, name: 'N' }, '2:N'],
    ['LocalizedText', builtIn.LocalizedText, { locale: 'de', text: 'T' }, 'T'],
    ['Variant', builtIn.Variant, { dataType: 1, arrayType: 0, value: true }, 'true'],
  ])('%s', (_, type, value, expected) => {
    expect(scalar(type, value)).toEqual({ ok: true, value: expected })
  })

  it('of a DateTime is a number where that is wanted', () => {
    expect(scalar(builtIn.DateTime, new Date(5), { timeAs: 'ms' })).toEqual({ ok: true, value: 5 })
  })

  it('of an enumeration has its name where that is wanted, else its number', () => {
    const enumNames = new Map([[1, 'Auto']])
    expect(scalar(builtIn.Int32, 1, { enumNames })).toEqual({ ok: true, value: 'Auto' })
    expect(scalar(builtIn.Int32, 2, { enumNames })).toEqual({ ok: true, value: 2 })
    expect(scalar(builtIn.Int32, 1)).toEqual({ ok: true, value: 1 })
  })

  it('of bytes is a copy', () => {
    const bytes = Buffer.from([1, 2])
    const outcome = scalar(builtIn.ByteString, bytes)
    bytes[0] = 9
    expect(outcome).toEqual({ ok: true, value: new Uint8Array([1, 2]) })
  })

  it('that is no value of its type is an error, not a fault', () => {
    expect(errorOf(scalar(builtIn.DateTime, new Date(NaN))).code).toBe('bad_data')
    expect(errorOf(scalar(builtIn.ByteString, 4_000_000_000)).code).toBe('bad_data')
    expect(errorOf(scalar(99, 1)).detail).toBe('the server sent type 99, which cannot be shown')
  })
})

describe('an array', () => {
  const matrix = {
    dataType: builtIn.Int16,
    arrayType: 2,
    value: Int16Array.of(1, 2, 3, 4, 5, 6),
    dimensions: [2, 3],
  }

  it('is JSON', () => {
    const value = [NaN, Infinity, -Infinity, -0, 1e21]
    expect(shown({ dataType: builtIn.Double, arrayType: 1, value })).toEqual({
      ok: true,
      value: '["NaN","Infinity","-Infinity",-0,1e+21]',
    })
    expect(shown(matrix)).toEqual({ ok: true, value: '[[1,2,3],[4,5,6]]' })
  })

  it.each<[string, Value]>([
    ['[1]', '[4,5,6]'],
    ['[1][2]', 6],
    ['[0,1]', 2],
  ])('of two dimensions has the member %s', (member, value) => {
    expect(shown(matrix, { member: parseMemberPath(member) })).toEqual({ ok: true, value })
  })

  it('of any types shows each by its own', () => {
    const value = [
      { dataType: builtIn.Float, arrayType: 0, value: Math.fround(0.1) },
      { dataType: builtIn.Int64, arrayType: 1, value: [[0, 1]] },
      { dataType: builtIn.Null, arrayType: 0, value: null },
    ]
    const variants = { dataType: builtIn.Variant, arrayType: 1, value }
    expect(shown(variants)).toEqual({ ok: true, value: '[0.1,[1],null]' })
    expect(shown(variants, { member: parseMemberPath('[1][0]') })).toEqual({ ok: true, value: 1 })
    expect(errorOf(shown(variants, { member: parseMemberPath('[2]') })).code).toBe('unsupported')
  })

  it('of values with a quality shows no bad one', () => {
    const one = { dataType: builtIn.Double, arrayType: 0, value: 1 }
    const value = [
      { value: one, statusCode: StatusCodes.Good },
      { value: one, statusCode: StatusCodes.BadTimeout },
    ]
    const values = { dataType: builtIn.DataValue, arrayType: 1, value }
    expect(shown(values)).toEqual({
      ok: true,
      value: '[{"StatusCode":"Good","Value":1},{"StatusCode":"BadTimeout"}]',
    })
    expect(errorOf(shown(values, { member: parseMemberPath('[1]') })).code).toBe('timeout')
  })

  it('whose dimensions are not its size is an error', () => {
    expect(errorOf(shown({ ...matrix, dimensions: [2, 2] })).code).toBe('bad_data')
  })

  it('has a bound for its text', () => {
    const value = ['x'.repeat(longestJson)]
    const error = errorOf(shown({ dataType: builtIn.String, arrayType: 1, value }))
    expect(error.code).toBe('bad_data')
    expect(error.detail).toContain('name a part of it with member or indexRange')
  })

  it('has a bound for its depth', () => {
    let variant: object = { dataType: builtIn.Int32, arrayType: 1, value: [1] }
    for (let depth = 0; depth < 40; depth++) {
      variant = { dataType: builtIn.Variant, arrayType: 1, value: [variant] }
    }
    expect(errorOf(shown(variant)).detail).toContain('more than 32 levels')
  })
})

describe('the time of a value', () => {
  const [source, server] = [now - 1000, now - 2000]
  const at = (timestamps: Reading['timestamps'], sourceTime: number, serverTime = server) =>
    outcomeOf(
      {
        value: { dataType: builtIn.Int32, arrayType: 0, value: 1 },
        statusCode: StatusCodes.Good,
        sourceTimestamp: new Date(sourceTime),
        serverTimestamp: new Date(serverTime),
      },
      { timestamps },
      now,
    )

  it('is that of the clock that is asked for', () => {
    expect(at('source', source)).toEqual({ ok: true, value: 1, at: source })
    expect(at('server', source)).toEqual({ ok: true, value: 1, at: server })
    expect(at('local', source)).toEqual({ ok: true, value: 1 })
  })

  it.each([
    ['1601', Date.UTC(1601, 0, 1)],
    ['1970', 0],
    ['1989', Date.UTC(1989, 11, 31)],
    ['two days ahead', now + 2 * 86_400_000],
    ['9999', Date.UTC(9999, 11, 31)],
    ['no time at all', NaN],
  ])('is left out if it is %s', (_, time) => {
    expect(at('source', time)).toEqual({ ok: true, value: 1 })
    expect(at('server', source, time)).toEqual({ ok: true, value: 1 })
  })
})

it('never throws, whatever a server sends', () => {
  const anything = fc.anything({ withTypedArray: true, withDate: true, withBigInt: true })
  fc.assert(
    fc.property(fc.nat(30), fc.nat(2), anything, (dataType, arrayType, value) => {
      const outcome = shown({ dataType, arrayType, value })
      expect(typeof outcome.ok).toBe('boolean')
    }),
    { numRuns: 1000 },
  )
})
