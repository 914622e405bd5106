import type { Value } from '@mapper-sdk/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../../../test/support/until.ts'
import type { DataTypeName } from './config/visitor.ts'
import { never, openVisit, protocolOf, visitorOf } from './driver.suite.ts'
import { same, typeCases, typeNames, writable } from './every-type.suite.ts'
import { startOpcuaSimulator, type OpcuaSimulator } from './simulator/index.ts'

let field: OpcuaSimulator
beforeAll(async () => void (field = await startOpcuaSimulator({ conformance: true })))
afterAll(() => field.close())

const of = (name: string) => visitorOf(field.nodeId(name))

interface Target {
  readonly name: string
  readonly first: Value
  readonly others: readonly Value[]
}

/** Writes all of them, reads them back and waits until all are told, again with their next values. */
async function exercise(targets: readonly Target[]) {
  const { connection, read, watch } = await openVisit(field.url)
  const visitors = targets.map(({ name }) => of(name))
  const seen = watch(visitors, 10)
  const told = (values: readonly Value[]) =>
    until(
      'all are told',
      () =>
        targets.flatMap(({ name }, at) => {
          const last = seen.last(at)
          return same(last, values[at]) ? [] : [`${name}: ${String(last).slice(0, 60)}`]
        }),
      (wrong) => wrong.length === 0,
    )
  await told(targets.map(({ first }) => first))
  const rounds = Math.max(...targets.map(({ others }) => others.length)) + 1
  for (let round = 0; round < rounds; round++) {
    const values = targets.map(({ first, others }) => others[round] ?? first)
    const writes = visitors.map((visitor, at) => ({ visitor, value: writable(values[at] ?? '') }))
    const outcomes = await connection.write(protocolOf(field.url), writes, never)
    expect(
      outcomes.flatMap((each, at) =>
        each.ok ? [] : [`${targets[at]?.name}: ${each.error.message}`],
      ),
    ).toEqual([])
    expect(await read(...visitors)).toEqual(values)
    await told(values)
  }
  expect(seen.instead).toEqual([])
}

describe('every built-in type', () => {
  test('is read: one value, an array, none of it, and a matrix', async () => {
    const { read } = await openVisit(field.url)
    const names = (folder: string, end = '') =>
      typeNames.map((type) => of(`${folder}.${type}${end}`))
    expect(await read(...names('Scalars'))).toEqual(typeNames.map((type) => typeCases[type].scalar))
    expect(await read(...names('Arrays'))).toEqual(typeNames.map((type) => typeCases[type].array))
    expect(await read(...names('Arrays', 'Empty'))).toEqual(typeNames.map(() => '[]'))
    expect(await read(...names('Matrix'))).toEqual(
      typeNames.map((type) => `[${typeCases[type].array},${typeCases[type].array}]`),
    )
    const cube = JSON.parse(String((await read(of('Matrix.Cube')))[0])) as number[][][]
    expect(cube.flat(2)).toEqual(Array.from({ length: 24 }, (_, at) => at))
    expect([cube.length, cube[0]?.length, cube[0]?.[0]?.length]).toEqual([2, 3, 4])
  })

  test.each(['Scalars', 'Arrays', 'Matrix'] as const)(
    '%s are written and read back, and each change is told',
    async (folder) => {
      await exercise(
        typeNames.map((type) => {
          const { scalar, others, array, otherArray } = typeCases[type]
          const name = `${folder}.${type}`
          if (folder === 'Scalars') return { name, first: scalar, others }
          if (folder === 'Arrays') return { name, first: array, others: ['[]', otherArray] }
          const [first, ...rest] = array.slice(1, -1).split(/,(?=[-"\dft])/)
          const turned = `[${[...rest, first].join(',')}]`
          return { name, first: `[${array},${array}]`, others: [`[${turned},${array}]`] }
        }),
      )
    },
  )

  test('limits are shown as they are', async () => {
    const { read } = await openVisit(field.url)
    const limits = {
      ...{ FloatTenth: 0.1, FloatMax: 3.4028235e38, FloatSmallest: 1e-45, FloatNaN: NaN },
      ...{ FloatInfinity: Infinity, DoubleMax: 1.7976931348623157e308, DoubleSmallest: 5e-324 },
      ...{ DoubleNaN: NaN, DoubleInfinity: Infinity, DoubleMinusInfinity: -Infinity },
      ...{
        DoubleMinusZero: -0,
        StringEmpty: '',
        StringNull: '',
        ByteStringEmpty: new Uint8Array(),
      },
      ...{ ByteStringNull: new Uint8Array(), DateTimeMin: '1601-01-01T00:00:00.000Z' },
      ...{
        DateTimeMax: '9999-12-31T23:59:59.000Z',
        Int64Min: -(2n ** 63n),
        UInt64Max: 2n ** 64n - 1n,
      },
    }
    const values = await read(...Object.keys(limits).map((name) => of(`Limits.${name}`)))
    expect(Object.fromEntries(Object.keys(limits).map((name, at) => [name, values[at]]))).toEqual(
      limits,
    )
  })

  test.each<[DataTypeName, Value, string]>([
    ['SByte', 128, 'SByte goes from -128 to 127'],
    ['Byte', -1, 'Byte goes from 0 to 255'],
    ['Int16', 32_768, 'Int16 goes from'],
    ['UInt32', 4_294_967_296, 'UInt32 goes from'],
    ['Int64', 2n ** 63n, 'Int64 goes from'],
    ['UInt64', -1n, 'UInt64 goes from'],
    ['Int32', 1.5, 'not a whole number'],
    ['Float', 1e39, 'Float goes to about 3.4e38'],
    ['Double', NaN, 'not a finite number'],
    ['Boolean', 'maybe', 'maybe'],
    ['DateTime', '2023-02-29T00:00:00Z', 'is no time from 1601 to 9999'],
    ['Guid', 'x', 'write a GUID'],
    ['StatusCode', 'BadMood', 'write a status code'],
    ['NodeId', 'nsu=urn:nowhere;i=1', 'urn:nowhere'],
  ])('%s cannot be written as %s, and nothing is sent', async (type, value, why) => {
    const { write, read } = await openVisit(field.url)
    const { Write: before = 0 } = field.calls
    const [said] = await write(of(`Scalars.${type}`), value)
    expect(said).toMatch(/^\[bad_data\]/)
    expect(said).toContain(why)
    expect(field.calls['Write'] ?? 0).toBe(before)
    expect(await read(of(`Scalars.${type}`))).toEqual([typeCases[type].scalar])
  })
})

describe('the address space for conformance tests', () => {
  const node = (name: string) => visitorOf(`nsu=urn://node-opcua-simulator;s=${name}`)
  /** Its types by the built-in ones that they are made of. */
  const madeOf: Readonly<Record<string, DataTypeName>> = {
    ...{ Boolean: 'Boolean', ByteString: 'ByteString', DateTime: 'DateTime', Double: 'Double' },
    ...{ Float: 'Float', Guid: 'Guid', SByte: 'SByte', Int16: 'Int16', Int32: 'Int32' },
    ...{ NodeId: 'NodeId', String: 'String', Byte: 'Byte', UInt16: 'UInt16', UInt32: 'UInt32' },
    ...{ Duration: 'Double', Number: 'UInt16', Integer: 'Int64', UInteger: 'UInt64' },
    ...{ UtcTime: 'DateTime', LocaleId: 'String', LocalizedText: 'LocalizedText' },
    ...{ QualifiedName: 'QualifiedName', UInt64: 'UInt64', Int64: 'Int64' },
    ...{ XmlElement: 'XmlElement', ImageBMP: 'ByteString', ImageGIF: 'ByteString' },
    ...{ ImageJPG: 'ByteString', ImagePNG: 'ByteString' },
  }
  const types = Object.entries(madeOf)
  const tenOf = (array: string) => {
    const all = array.slice(1, -1).split(/,(?=[-"\dft])/)
    return Array.from({ length: 12 }, (_, at) => all[at % all.length])
  }

  test.each(['Scalar', 'Array', 'MultiDimensional_Array'] as const)(
    'Static_%s: each is read, written, read back and watched',
    async (kind) => {
      const { read, write, watch } = await openVisit(field.url)
      const visitors = types.map(([name]) => node(`Static_${kind}_${name}`))
      const before = await read(...visitors)
      expect(before).not.toContainEqual(expect.stringMatching(/^(rejected|bad_data|unsupported)$/))
      const seen = watch(visitors, 10)
      await until(
        'first values',
        () => new Set(seen.told.map(({ index }) => index)).size,
        (count) => count === visitors.length,
      )
      expect(seen.instead).toEqual([])
      const wanted = types.map(([, type], at): Value => {
        const { others, scalar, array } = typeCases[type]
        const ten = tenOf(array)
        if (kind === 'Scalar') return others[0] === before[at] ? scalar : (others[0] ?? scalar)
        if (kind === 'Array') return `[${ten.slice(0, 10).join(',')}]`
        return `[[${ten.slice(0, 3).join(',')}],[${ten.slice(3, 6).join(',')}]]`
      })
      for (const [at, visitor] of visitors.entries()) {
        expect(await write(visitor, wanted[at] ?? ''), types[at]?.[0]).toEqual(['written'])
      }
      expect(await read(...visitors)).toEqual(wanted)
      for (const [at, value] of wanted.entries()) {
        await until(
          `${types[at]?.[0]} tells`,
          () => seen.last(at),
          (last) => same(last, value),
        )
      }
    },
  )
  test('what no text can hold is an outcome for its own node alone', async () => {
    const { read, write } = await openVisit(field.url)
    const odd = ['BaseDataType', 'Structure', 'DataValue', 'DiagnosticInfo']
    const visitors = odd.map((name) => node(`Static_Scalar_${name}`))
    const diagnostic =
      '{"SymbolicId":-1,"Locale":-1,"LocalizedText":-1,"AdditionalInfo":null,"InnerStatusCode":"Good","InnerDiagnosticInfo":null}'
    expect(await read(...visitors, of('Scalars.Int32'))).toEqual([
      '0',
      'unsupported',
      '{"StatusCode":"Good","Value":0}',
      diagnostic,
      -2_000_000_000,
    ])
    const [first, second] = visitors.map((visitor) => write(visitor, '1'))
    expect(await first).toEqual([expect.stringContaining('set dataType')])
    expect(await second).toEqual([expect.stringContaining('[unsupported]')])
  })
})
