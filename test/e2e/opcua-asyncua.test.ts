import type { Value } from '@mapper-sdk/core'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { openVisit, startMapper, visitorOf } from '../../packages/opcua/src/driver.suite.ts'
import {
  same,
  type TypeCase,
  typeCases,
  typeNames,
  writable,
} from '../../packages/opcua/src/every-type.suite.ts'
import {
  requireAsyncua,
  startAsyncuaServer,
  type AsyncuaServer,
} from '../support/opcua/asyncua-server.ts'
import { until } from '../support/until.ts'

let server: AsyncuaServer
let started: Promise<AsyncuaServer> | undefined
let python: string
beforeEach(async (context) => {
  python = requireAsyncua(context)
  server = await (started ??= startAsyncuaServer(python))
})
afterAll(async () => void (await (await started)?.stop()))

const of = (name: string, more = {}) => visitorOf({ nodeID: server.nodeId(name), ...more })

/** What its script writes otherwise than our simulator. */
const own: Readonly<Record<string, Partial<TypeCase>>> = {
  NodeId: { scalar: 'ns=1;s=abc', array: '["ns=1;s=abc","i=2258","ns=2;i=4294967295"]' },
  QualifiedName: { array: '["1:speed","x","2:ab"]' },
  ExpandedNodeId: {
    array: '["ns=1;i=5","i=84","ns=2;s=x"]',
    others: ['i=84', 'nsu=urn:x;s=y'],
  },
}
const caseOf = (type: (typeof typeNames)[number]) => ({ ...typeCases[type], ...own[type] })

describe('every built-in type', () => {
  test('is read', async () => {
    const { read } = await openVisit(server.url)
    for (const [folder, key] of [
      ['Scalars', 'scalar'],
      ['Arrays', 'array'],
    ] as const) {
      const values = await read(...typeNames.map((type) => of(`${folder}.${type}`)))
      expect(Object.fromEntries(typeNames.map((type, at) => [type, values[at]]))).toEqual(
        Object.fromEntries(typeNames.map((type) => [type, caseOf(type)[key]])),
      )
    }
  })

  test('is written, read back and told', async () => {
    const { read, write, watch } = await openVisit(server.url)
    const targets = typeNames.flatMap((type) => {
      const { scalar, others, array, otherArray } = caseOf(type)
      return [
        { name: `Scalars.${type}`, values: [...others, scalar] },
        { name: `Arrays.${type}`, values: ['[]', otherArray, array] },
      ]
    })
    const visitors = targets.map(({ name }) => of(name))
    const seen = watch(visitors, 10)
    const failures: string[] = []
    for (const [index, { name, values }] of targets.entries()) {
      const visitor = visitors[index] ?? of(name)
      for (const value of values) {
        const at = `${name} = ${String(value).slice(0, 40)}`
        const [said] = await write(visitor, writable(value))
        if (said !== 'written') {
          failures.push(`${at}: ${said}`)
          continue
        }
        const [back] = await read(visitor)
        if (!same(back, value)) failures.push(`${at} reads ${String(back).slice(0, 60)}`)
        else {
          await until(
            at,
            () => seen.last(index),
            (last) => same(last, value),
          )
        }
      }
    }
    expect(failures).toEqual([])
    expect(seen.instead).toEqual([])
  })
})

test.each<[string, Value, string | readonly string[]]>([
  ['Scalars.Int64', 2n ** 63n - 1n, '9223372036854775807'],
  ['Scalars.UInt64', 2n ** 64n - 1n, '18446744073709551615'],
  ['Scalars.Double', 0.1 + 0.2, '0.30000000000000004'],
  ['Scalars.Double', '-Infinity', '-inf'],
  ['Scalars.String', ' ü;"\n', ' ü;"\n'],
  ['Scalars.DateTime', '1999-12-31T23:59:59.999+01:00', '1999-12-31T22:59:59.999Z'],
  ['Scalars.Guid', '09087e75-8e5e-499b-954f-f2a9603db28a', '09087e75-8e5e-499b-954f-f2a9603db28a'],
  ['Scalars.ByteString', Uint8Array.of(0, 255), '00ff'],
  ['Scalars.LocalizedText', 'vitesse', '|vitesse'],
  ['Scalars.QualifiedName', '3:a', '3:a'],
  ['Scalars.StatusCode', '0x80340000', 'BadNodeIdUnknown'],
  ['Scalars.XmlElement', '<a/>', '<a/>'],
  ['Arrays.Int16', '[-32768,32767]', ['-32768', '32767']],
  ['Arrays.Boolean', '[true,false]', ['true', 'false']],
  ['Arrays.ByteString', '["/w==",""]', ['ff', '']],
])('%s, written as %s, is there as %j', async (name, value, there) => {
  const { write } = await openVisit(server.url)
  expect(await write(of(name), value)).toEqual(['written'])
  expect(await server.take(name)).toEqual(there)
})

test('what changes at the server is told, with its quality and its time', async () => {
  const { watch } = await openVisit(server.url)
  const seen = watch([of('Scalars.Int16'), of('Quality.Good')], 10)
  const told = () => seen.told.findLast(({ index }) => index === 0)?.outcome
  const before = Date.now()
  await server.put('Scalars.Int16', '11')
  const good = await until('a good value', told, (last) => last?.ok === true && last.value === 11)
  expect(good).toEqual({ ok: true, value: 11, at: expect.any(Number) as number })
  expect(good?.ok === true && good.at !== undefined && good.at >= before - 1000).toBe(true)
  await server.put('Scalars.Int16', '12', 'UncertainLastUsableValue')
  expect(
    await until('an uncertain one', told, (last) => last?.ok === true && last.value === 12),
  ).toMatchObject({ uncertain: true })
  await server.put('Scalars.Int16', '13', 'BadSensorFailure')
  await until('a bad one', told, (last) => last?.ok === false && last.error.code === 'rejected')
  expect(seen.told).not.toContainEqual(
    expect.objectContaining({ outcome: expect.objectContaining({ value: 13 }) as object }),
  )
})

test('quality, access, enumerations and structures are as with our simulator', async () => {
  const { read, write, outcomes } = await openVisit(server.url)
  const [good, uncertain, bad, waiting] = await outcomes(
    ...['Good', 'Uncertain', 'BadWithValue', 'Waiting'].map((name) => of(`Quality.${name}`)),
  )
  expect(good).toMatchObject({ ok: true, value: 12.5 })
  expect(uncertain).toMatchObject({ ok: true, value: 12.5, uncertain: true })
  expect(bad).toMatchObject({ ok: false, error: { code: 'rejected' } })
  expect(waiting).toMatchObject({ ok: false, error: { code: 'unsupported' } })
  expect(await write(of('Access.ReadOnly'), 2)).toEqual([
    '[access_denied] the server does not let this user write the node',
  ])
  const color = of('Enumeration.Color', { enumAs: 'name' })
  expect(await read(of('Enumeration.Color'), color)).toEqual([1, 'Green'])
  expect(await write(color, 'Blue')).toEqual(['written'])
  expect(await server.take('Enumeration.Color')).toBe('2')
  const structures = {
    Place: ['{"X":1.5,"Y":-2.5,"Z":0}', '{"X":0,"Y":1,"Z":-1}'],
    Recipe: [
      '{"Name":"Grüße","Number":9007199254740993,"Color":2,"Origin":{"X":1.5,"Y":-2.5,"Z":0},"Steps":[1,-2,3]}',
      '{"Name":"","Number":-1,"Color":0,"Origin":{"X":0,"Y":0,"Z":0},"Steps":[]}',
    ],
    Settings: ['{"Speed":2.5}', '{"Speed":1,"Comment":"slow"}'],
  } as const
  for (const [name, [before, after]] of Object.entries(structures)) {
    const node = of(`Structure.${name}`)
    expect(await read(node)).toEqual([before])
    expect(await write(node, after)).toEqual(['written'])
    expect(await read(node)).toEqual([after])
  }
  expect(await read(of('Structure.Recipe', { member: 'Origin.X' }))).toEqual([0])
})

test('methods are called, and their failures are told', async () => {
  const { read, write } = await openVisit(server.url)
  const method = (name: string) =>
    visitorOf({ nodeID: server.nodeId('Methods'), methodID: server.nodeId(`Methods.${name}`) })
  const add = method('Add')
  expect(await write(add, '[1.5, 2]')).toEqual(['written'])
  expect(await read(add)).toEqual(['[3.5]'])
  expect(await write(add, '[1]')).toEqual([expect.stringContaining('takes 2 arguments')])
  expect(await write(add, '["x", 1]')).toEqual([expect.stringMatching(/^\[bad_data\]/)])
  expect(await write(method('Fail'), '')).toEqual([expect.stringMatching(/^\[rejected\] Bad/)])
  expect(await write(method('Nobody'), '')).toEqual([expect.stringMatching(/^\[rejected\] Bad/)])
})

test('events become JSON texts', async () => {
  const { watch } = await openVisit(server.url)
  const seen = watch([
    visitorOf({
      nodeID: server.nodeId('Events.Source'),
      eventFields: 'Severity,Message,3:OrderNumber',
    }),
    visitorOf({
      nodeID: server.nodeId('Events.Source'),
      eventFields: 'Severity',
      eventSeverity: 500,
    }),
    of('Changing.0'),
  ])
  await until(
    'the watch is there',
    () => seen.last(2),
    (last) => typeof last === 'number',
  )
  await server.raiseEvent({ message: 'done', severity: 300 })
  await server.raiseEvent({ message: 'burnt', severity: 700 })
  await until(
    'both events',
    () => seen.told.filter(({ index }) => index === 0).length,
    (count) => count === 2,
  )
  expect(seen.last(0)).toBe('{"Severity":700,"Message":"burnt","3:OrderNumber":1}')
  expect(seen.last(1)).toBe('{"Severity":700}')
})

test('after the server was killed and started again, data flows again in one session', async () => {
  const mapper = startMapper({ url: server.url, timeoutMs: 2_000 }, [
    { name: 'watched', visitor: { nodeID: 'nsu=urn:mapper-sdk:simulator;s=Scalars.Int32' } },
    {
      name: 'read',
      visitor: { nodeID: 'nsu=urn:mapper-sdk:simulator;s=Scalars.UInt32', subscribe: false },
    },
  ])
  const flows = async (value: string) => {
    await server.put('Scalars.Int32', value)
    await server.put('Scalars.UInt32', value)
    await until(
      `${value} arrives`,
      () => [mapper.reported('watched'), mapper.reported('read')],
      (seen) => seen.every((each) => each === value),
    )
  }
  await flows('1001')
  const port = Number(new URL(server.url.replace('opc.tcp', 'http')).port)
  await server.kill()
  await until('its absence is noticed', mapper.state, (state) => state === 'offline')
  server = await (started = startAsyncuaServer(python, { port }))
  await flows('1002')
  await until('one session', server.sessionCount, (count) => count === 1)
  await mapper.end()
  await until('no session', server.sessionCount, (count) => count === 0)
})

test('a server that takes few nodes at once is asked in small requests', async () => {
  const small = await startAsyncuaServer(python, { limit: 4 })
  try {
    const { read, write, watch, connection } = await openVisit(small.url)
    const visitors = typeNames.map((type) => visitorOf(small.nodeId(`Scalars.${type}`)))
    expect(await read(...visitors)).toEqual(typeNames.map((type) => caseOf(type).scalar))
    const seen = watch(visitors)
    await until(
      'each has told its value',
      () => new Set(seen.told.map(({ index }) => index)).size,
      (size) => size === visitors.length,
    )
    const flag = visitorOf(small.nodeId('Scalars.Boolean'))
    expect(await write(flag, ...Array.from({ length: 9 }, (_, at) => at % 2 === 1))).toEqual(
      Array.from({ length: 9 }, () => 'written'),
    )
    expect(await small.take('Scalars.Boolean')).toBe('false')
    await connection.close()
  } finally {
    await small.stop()
  }
})
