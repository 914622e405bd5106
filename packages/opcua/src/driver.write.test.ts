import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../../../test/support/until.ts'
import type { RawConfig } from '@mapper-sdk/core'
import { openVisit, startField, visitorOf } from './driver.suite.ts'
import { startOpcuaSimulator, type OpcuaSimulator } from './simulator/index.ts'

let field: OpcuaSimulator
beforeAll(async () => void (field = await startOpcuaSimulator()))
afterAll(() => field.close())

const of = (name: string, more: RawConfig = {}) =>
  visitorOf({ nodeID: field.nodeId(name), ...more })
const written = ['written']

describe('parts of arrays', () => {
  test('one element and a range are read, written and watched; the rest stays', async () => {
    const { read, write, watch } = await openVisit(field.url)
    const [one, part, whole] = [
      of('Arrays.Int32', { indexRange: '1' }),
      of('Arrays.Int32', { indexRange: '0:1' }),
      of('Arrays.Int32'),
    ] as const
    expect(await read(one, part)).toEqual(['[-2147483648]', '[-2000000000,-2147483648]'])
    const seen = watch([one, part, whole], 10)
    const told = (at: number, value: string) =>
      until(
        `${at} tells ${value}`,
        () => seen.last(at),
        (last) => last === value,
      )
    await told(0, '[-2147483648]')
    expect(await write(one, 5, '[6]', '7')).toEqual(['written', 'written', 'written'])
    expect(await read(whole)).toEqual(['[-2000000000,7,2147483647]'])
    await told(0, '[7]')
    expect(await write(part, '[1,2]')).toEqual(written)
    await told(1, '[1,2]')
    await told(2, '[1,2,2147483647]')
    expect(await write(one, '[1,2]')).toEqual([expect.stringContaining('single element')])
    expect(await write(part, 4)).toEqual([expect.stringContaining('JSON array')])
    expect(await write(whole, '[-2000000000,-2147483648,2147483647]')).toEqual(written)
  })
  test('of a matrix, of a text and of bytes', async () => {
    const { read, write } = await openVisit(field.url)
    const row = of('Matrix.Int16', { indexRange: '1,0:2' })
    expect(await read(row, of('Matrix.Int16', { indexRange: '0:1,2' }))).toEqual([
      '[[-16000,-32768,32767]]',
      '[[32767],[32767]]',
    ])
    expect(await write(row, '[[1,2,3]]')).toEqual(written)
    expect(await read(of('Matrix.Int16'))).toEqual(['[[-16000,-32768,32767],[1,2,3]]'])
    expect(
      await read(
        of('Scalars.ByteString', { indexRange: '1:2' }),
        of('Scalars.String', { indexRange: '0:1' }),
        of('Arrays.Int32', { indexRange: '7' }),
        of('Arrays.Int32', { indexRange: '1:9' }),
      ),
    ).toEqual([Uint8Array.of(1, 254), 'Gr', 'unsupported', '[-2147483648,2147483647]'])
  })
  test('one member is read, and not written', async () => {
    const { read, write } = await openVisit(field.url)
    const member = of('Arrays.Double', { member: '[1]' })
    expect(await read(member, of('Matrix.Cube', { member: '[1][2][3]' }))).toEqual([1e300, 23])
    const { Write: before = 0 } = field.calls
    expect(await write(member, 3)).toEqual([
      '[unsupported] member [1] can only be read; write the whole value, or one element with indexRange',
    ])
    expect(field.calls['Write'] ?? 0).toBe(before)
  })
})

describe('structures', () => {
  const recipe =
    '{"Name":"Grüße","Number":9007199254740993,"Color":2,"Origin":{"X":1,"Y":2,"Z":3},"Path":[{"X":0,"Y":0,"Z":0},{"X":1,"Y":1,"Z":1}],"Steps":[1,-2,3],"Made":"2024-02-29T12:34:56.789Z","Raw":"AP8="}'
  const values = {
    Place: '{"X":1.5,"Y":-2.5,"Z":0}',
    PlaceArray: '[{"X":1,"Y":2,"Z":3},{"X":4,"Y":5,"Z":6}]',
    Recipe: recipe,
    Settings: '{"Speed":2.5}',
    SettingsFull: '{"Speed":3.5,"Comment":"fast","Limits":[1,2]}',
    ChoiceNumber: '{"Number":42}',
    ChoiceText: '{"Text":"forty-two"}',
  }
  test('are read as JSON, member by member, and by the names of their enumerations', async () => {
    const { read } = await openVisit(field.url)
    const names = Object.keys(values)
    expect(await read(...names.map((name) => of(`Structure.${name}`)))).toEqual(
      Object.values(values),
    )
    expect(
      await read(
        of('Structure.Recipe', { member: 'Origin.Y' }),
        of('Structure.Recipe', { member: 'Path[1].X' }),
        of('Structure.Recipe', { member: 'Color', enumAs: 'name' }),
        of('Structure.PlaceArray', { member: '[1].Z' }),
        of('Structure.Recipe', { member: 'Made', timeAs: 'ms' }),
        of('Structure.Recipe', { member: 'Nothing' }),
        of('Structure.Settings', { member: 'Comment' }),
      ),
    ).toEqual([2, 1, 'Blue', 6, Date.UTC(2024, 1, 29, 12, 34, 56, 789), 'bad_data', 'unsupported'])
  })
  test('are written whole, read back and told', async () => {
    const { read, write, watch } = await openVisit(field.url)
    const writes = [
      ['Place', '{"X":7,"Y":8,"Z":9}'],
      ['PlaceArray', '[{"X":7,"Y":8,"Z":9}]'],
      ['PlaceArray', '[]'],
      ['Recipe', recipe.replace('Grüße', 'x').replace('"Color":2', '"Color":0')],
      ['Settings', '{"Speed":1,"Comment":"slow"}'],
      ['Settings', '{"Speed":4}'],
      ['SettingsFull', '{"Speed":0,"Limits":[]}'],
      ['ChoiceNumber', '{"Text":"one"}'],
      ['ChoiceText', '{"Place":{"X":1,"Y":1,"Z":1}}'],
    ] as const
    const names = Object.keys(values) as (keyof typeof values)[]
    const seen = watch(
      names.map((name) => of(`Structure.${name}`)),
      10,
    )
    const told = (name: keyof typeof values, text: string) =>
      until(
        `${name} tells ${text}`,
        () => seen.last(names.indexOf(name)),
        (last) => last === text,
      )
    for (const name of names) await told(name, values[name])
    for (const [name, value] of writes) {
      const node = of(`Structure.${name}`)
      expect(await write(node, value), value).toEqual(written)
      expect(await read(node)).toEqual([value])
      await told(name, value)
    }
    for (const name of names) {
      expect(await write(of(`Structure.${name}`), values[name])).toEqual(written)
    }
    expect(await read(...names.map((name) => of(`Structure.${name}`)))).toEqual(
      Object.values(values),
    )
    expect(seen.instead).toEqual([])
  })
  test('an element of an array of them is written', async () => {
    const { read, write } = await openVisit(field.url)
    const node = of('Structure.PlaceArray', { indexRange: '1' })
    expect(await write(node, '{"X":0,"Y":0,"Z":1}')).toEqual(written)
    expect(await read(of('Structure.PlaceArray'))).toEqual([
      '[{"X":1,"Y":2,"Z":3},{"X":0,"Y":0,"Z":1}]',
    ])
    expect(await write(of('Structure.PlaceArray'), values.PlaceArray)).toEqual(written)
  })
  test.each([
    ['Place', 5, 'write a JSON object'],
    ['Place', '{"X":1}', 'lacks the field Y'],
    ['Place', '{"X":1,"Y":2,"Z":"high"}', 'Z'],
    ['Place', 'no JSON', 'is no JSON'],
    ['PlaceArray', '{"X":1,"Y":2,"Z":3}', 'JSON array of objects'],
    ['ChoiceNumber', '{"Number":1,"Text":"x"}', 'exactly one of'],
    ['Recipe', recipe.replace('9007199254740993', '9223372036854775808'), 'Number'],
  ])('%s is not written as %s, and nothing is sent', async (name, value, why) => {
    const { write } = await openVisit(field.url)
    const { Write: before = 0 } = field.calls
    const [said] = await write(of(`Structure.${name}`), value)
    expect(said).toMatch(/^\[bad_data\]/)
    expect(said).toContain(why)
    expect(field.calls['Write'] ?? 0).toBe(before)
  })
})

test('enumerations are read and written by number and by name', async () => {
  const { read, write, watch } = await openVisit(field.url)
  const names = ['Color', 'ColorArray', 'Priority'].map((name) => `Enumeration.${name}`)
  expect(await read(...names.map((name) => of(name)))).toEqual([1, '[2,0,1]', 20])
  const named = names.map((name) => of(name, { enumAs: 'name' }))
  const [color = of('x'), , priority = of('x')] = named
  expect(await read(...named)).toEqual(['Green', '["Blue","Red","Green"]', 'Normal'])
  const seen = watch(named, 10)
  expect(await write(color, 'Blue', 'Red', 2, '1', 'Blue')).toEqual(Array(5).fill('written'))
  expect(await write(priority, 'High')).toEqual(written)
  expect(await write(of('Enumeration.ColorArray'), '["Red",2]')).toEqual(written)
  expect(await read(...named)).toEqual(['Blue', '["Red","Blue"]', 'High'])
  await until(
    'all are told by name',
    () => [0, 1, 2].map((at) => seen.last(at)).join(),
    (all) => all === 'Blue,["Red","Blue"],High',
  )
  expect(await write(color, 'Pink')).toEqual([
    expect.stringContaining('it is none of Red, Green, Blue'),
  ])
})

describe('attributes', () => {
  test('other than Value are read, and written where the server lets them', async () => {
    const { read, write } = await openVisit(field.url)
    const attribute = (name: string) => of('Scalars.Double', { attribute: name })
    expect(
      await read(
        ...['NodeId', 'NodeClass', 'BrowseName', 'DisplayName', 'DataType', 'ValueRank'].map(
          attribute,
        ),
        ...['AccessLevel', 'UserAccessLevel', 'Historizing', 'MinimumSamplingInterval'].map(
          attribute,
        ),
        of('Scalars.Double', { attribute: 'Executable' }),
        of('Matrix.Byte', { attribute: 'ArrayDimensions' }),
        visitorOf({ nodeID: field.nodeId('Methods.Add'), attribute: 'Executable' }),
      ),
    ).toEqual([
      ...['ns=3;s=Scalars.Double', 2, '3:Double', 'Double', 'i=11', -1],
      ...[3, 3, false, 0, 'rejected', '[2,3]', true],
    ])
    const [said] = await write(attribute('Description'), 'what it is')
    expect(said).toMatch(/^\[access_denied\] BadNotWritable|BadUserAccessDenied/)
    expect(await write(attribute('Historizing'), 'perhaps')).toEqual([
      expect.stringMatching(/^\[bad_data\]/),
    ])
  })
})

describe('access', () => {
  test.each([
    ['ReadOnly', {}, 1, 'refused'],
    ['WriteOnly', {}, 'access_denied', 'written'],
    ['None', {}, 'access_denied', 'refused'],
    ['OperatorWrites', {}, 4, 'refused'],
    ['OperatorWrites', { userName: 'guest', password: 'guest' }, 4, 'refused'],
    ['OperatorWrites', { userName: 'operator', password: 'secret' }, 4, 'written'],
    ['OperatorOnly', {}, 'access_denied', 'refused'],
    ['OperatorOnly', { userName: 'operator', password: 'secret' }, 5, 'written'],
  ])('%s with %j: read %j, write %s', async (name, user, value, what) => {
    const { read, write, watch } = await openVisit(field.url, user)
    const node = of(`Access.${name}`)
    expect(await read(node)).toEqual([value])
    const { Write: before = 0 } = field.calls
    const [said] = await write(node, typeof value === 'number' ? value : 2)
    if (what === 'written') expect(said).toBe('written')
    else {
      expect(said).toBe('[access_denied] the server does not let this user write the node')
      expect(field.calls['Write'] ?? 0).toBe(before)
    }
    const seen = watch([node, of('Scalars.Int32')], 10)
    await until(
      'the neighbour is watched',
      () => seen.last(1),
      (last) => last !== undefined,
    )
    await until(
      'each has its place',
      () => seen.last(0) ?? seen.instead[0],
      (last) => last === value || last === 0,
    )
  })
})

test('a write of many keeps order and each has its own outcome', async () => {
  const own = await startField({ limits: { maxNodesPerWrite: 2 } })
  const { connection, read } = await openVisit(own.url)
  const node = (name: string) => visitorOf(own.nodeId(name))
  const outcomes = await connection.write(
    {} as never,
    [
      { visitor: node('Scalars.Int32'), value: 1 },
      { visitor: node('Scalars.Nobody'), value: 1 },
      { visitor: node('Scalars.Int16'), value: 2 },
      { visitor: node('Access.ReadOnly'), value: 2 },
      { visitor: node('Scalars.String'), value: 'x' },
      { visitor: visitorOf({ browsePath: '/9:None' }), value: 1 },
      { visitor: node('Scalars.Int32'), value: 3 },
    ],
    new AbortController().signal,
  )
  expect(outcomes.map((each) => (each.ok ? 'ok' : each.error.code))).toEqual([
    ...['ok', 'rejected', 'ok', 'access_denied', 'ok', 'invalid_config', 'ok'],
  ])
  expect(await read(node('Scalars.Int32'), node('Scalars.Int16'))).toEqual([3, 2])
})
