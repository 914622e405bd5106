import type { RawConfig } from '@mapper-sdk/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../../../test/support/until.ts'
import { openVisit, startField, startMapper, visitorOf } from './driver.suite.ts'
import { startOpcuaSimulator, type OpcuaSimulator } from './simulator/index.ts'

let field: OpcuaSimulator
beforeAll(async () => void (field = await startOpcuaSimulator()))
afterAll(() => field.close())

const of = (name: string, more: RawConfig = {}) =>
  visitorOf({ nodeID: field.nodeId(name), ...more })

describe('quality', () => {
  test('good and uncertain values are read; a bad one never is, whatever comes with it', async () => {
    const { outcomes } = await openVisit(field.url)
    const [good, override, uncertain, withValue, bad, waiting] = await outcomes(
      ...['Good', 'GoodLocalOverride', 'Uncertain', 'BadWithValue', 'Bad', 'Waiting'].map((name) =>
        of(`Quality.${name}`),
      ),
    )
    expect(good).toEqual({ ok: true, value: 12.5, at: expect.any(Number) as number })
    expect(override).toMatchObject({ ok: true, value: 12.5 })
    expect(uncertain).toMatchObject({ ok: true, value: 12.5, uncertain: true })
    expect(withValue).toMatchObject({ ok: false, error: { code: 'rejected' } })
    expect(bad).toMatchObject({ ok: false, error: { code: 'rejected' } })
    expect(waiting).toMatchObject({ ok: false, error: { code: 'unsupported' } })
  })
  test('each status with a value: what is told and what is read agree, and no bad value is reported', async () => {
    const { outcomes, watch } = await openVisit(field.url)
    const node = of('Quality.Changeable')
    const seen = watch([node], 10)
    const told = () => seen.told.at(-1)?.outcome
    const statuses = [
      ...['Good', 'BadSensorFailure', 'UncertainLastUsableValue', 'BadNoCommunication'],
      ...['GoodClamped', 'BadWaitingForInitialData', 'UncertainInitialValue', 'BadOutOfService'],
      ...['BadNotConnected', 'Good'],
    ]
    let value = 100
    for (const statusCode of statuses) {
      field.set('Quality.Changeable', ++value, { statusCode })
      const wanted = statusCode.startsWith('Bad')
        ? (last: ReturnType<typeof told>) =>
            last?.ok === false && last.error.detail.startsWith(statusCode)
        : (last: ReturnType<typeof told>) =>
            last?.ok === true &&
            last.value === value &&
            (last.uncertain === true) === statusCode.startsWith('Uncertain')
      await until(`${statusCode} is told`, told, wanted)
      const [read] = await outcomes(node)
      expect(wanted(read)).toBe(true)
    }
    const values = seen.told.flatMap(({ outcome }) => (outcome.ok ? [outcome.value] : []))
    expect(values.filter((each) => each !== 12.5)).toEqual([101, 103, 105, 107, 110])
  })
  test('a mapper never reports the value of a bad reading, and marks no other property', async () => {
    const own = await startField()
    const mapper = startMapper({ url: own.url }, [
      { name: 'level', type: 'DOUBLE', visitor: { nodeID: own.nodeId('Quality.Changeable') } },
      { name: 'other', visitor: { nodeID: own.nodeId('Scalars.Int32') } },
    ])
    const shows = (text: string) =>
      until(
        text,
        () => mapper.reported('level'),
        (seen) => seen === text,
      )
    await shows('12.5')
    own.set('Quality.Changeable', 666, { statusCode: 'BadSensorFailure' })
    own.set('Scalars.Int32', 7)
    await until(
      'the other property goes on',
      () => mapper.reported('other'),
      (seen) => seen === '7',
    )
    expect(mapper.reported('level')).toBe('12.5')
    own.set('Quality.Changeable', 1.25)
    await shows('1.25')
    await mapper.end()
  })
})

describe('time', () => {
  const day = 86_400_000
  test('of the source, of the server or of the mapper, and none that cannot be', async () => {
    const at = new Date('2025-05-04T03:02:01.123Z')
    field.set('Scalars.Int32', 5, { sourceTimestamp: at })
    const timesOf = async (timestamps: string) => {
      const { outcomes } = await openVisit(field.url, { timestamps })
      const all = await outcomes(
        ...['Scalars.Int32', 'Time.Epoch', 'Time.Latest', 'Time.Past'].map((name) => of(name)),
      )
      return all.map((outcome) => (outcome.ok ? outcome.at : NaN))
    }
    const [source, epoch, latest, past] = await timesOf('source')
    expect(source).toBe(at.getTime())
    expect([epoch, latest]).toEqual([undefined, undefined])
    expect(past).toBe(Date.parse('2001-02-03T04:05:06.789Z'))
    expect(await timesOf('local')).toEqual([undefined, undefined, undefined, undefined])
    const [server, , , serverOfPast] = await timesOf('server')
    for (const time of [server, serverOfPast]) {
      expect(Math.abs((time ?? 0) - Date.now())).toBeLessThan(day)
    }
  })
  test('far ahead is not believed, also where it is told', async () => {
    const { watch } = await openVisit(field.url)
    const seen = watch([of('Scalars.Int16')], 10)
    const told = (value: number) =>
      until(
        `${value} is told`,
        () => seen.told.at(-1)?.outcome,
        (last) => last?.ok === true && last.value === value,
      )
    field.set('Scalars.Int16', 1, { sourceTimestamp: new Date(Date.now() + 2 * day) })
    expect(await told(1)).toEqual({ ok: true, value: 1 })
    const soon = new Date(Date.now() + 3_600_000)
    field.set('Scalars.Int16', 2, { sourceTimestamp: soon })
    expect(await told(2)).toEqual({ ok: true, value: 2, at: soon.getTime() })
    field.set('Scalars.Int16', 3, { sourceTimestamp: new Date(Date.UTC(1601, 0, 1)) })
    expect(await told(3)).toEqual({ ok: true, value: 3 })
  })
  test('a DateTime is a text or ms, both ways', async () => {
    const { read, write } = await openVisit(field.url)
    const [text, ms] = [of('Scalars.DateTime'), of('Scalars.DateTime', { timeAs: 'ms' })] as const
    const number = visitorOf(field.nodeId('Scalars.DateTime'), { type: 'INT' })
    expect(await read(text, ms, number)).toEqual([
      '2024-02-29T12:34:56.789Z',
      ...[Date.UTC(2024, 1, 29, 12, 34, 56, 789), Date.UTC(2024, 1, 29, 12, 34, 56, 789)],
    ])
    expect(await write(ms, 86_400_001)).toEqual(['written'])
    expect(await read(text)).toEqual(['1970-01-02T00:00:00.001Z'])
    expect(await write(text, '2000-01-01', '2000-01-01T00:30:00+02:00')).toEqual([
      ...['written', 'written'],
    ])
    expect(await read(text, ms)).toEqual(['1999-12-31T22:30:00.000Z', 946_679_400_000])
  })
})

test('what is too large is an error of its own; the others and the session go on', async () => {
  const { read, outcomes, watch } = await openVisit(field.url)
  expect(await outcomes(of('Big.String16MB'), of('Scalars.Byte'))).toMatchObject([
    {
      ok: false,
      error: { code: 'rejected', detail: expect.stringContaining('TooLarge') as string },
    },
    { ok: true, value: 200 },
  ])
  const [array, part] = await outcomes(
    of('Big.Array'),
    of('Big.Array', { indexRange: '9998:9999' }),
  )
  expect(array?.ok === true ? (JSON.parse(String(array.value)) as unknown[]).length : array).toBe(
    10_000,
  )
  expect(part).toMatchObject({ ok: true, value: '[0.5,0.5]' })
  field.set('Scalars.Double', 0.25)
  const seen = watch([of('Big.String16MB'), of('Scalars.Double')], 10)
  await until(
    'the neighbour is told',
    () => seen.last(1),
    (value) => value === 0.25,
  )
  expect(await read(of('Scalars.Double'), of('Big.String16MB', { indexRange: '0:2' }))).toEqual([
    ...[0.25, 'xxx'],
  ])
  expect(field.sessionCount).toBe(1)
})

describe('names', () => {
  test('with everything that node ids and paths give a meaning are found', async () => {
    const { read } = await openVisit(field.url)
    const odd = [
      ...['Names.semi;colon', 'Names.ns=2;s=inner', 'Names.slash/and.dot', 'Names.&<>#:!'],
      ...['Names.größe 温度', 'Names. blank ', 'Names.quo"te'],
    ]
    const order = odd.map((_, at) => at)
    expect(await read(...odd.map((name) => of(name)))).toEqual(order)
    const byUri = odd.map((name) => visitorOf(`nsu=urn:mapper-sdk:simulator;s=${name}`))
    expect(await read(...byUri)).toEqual(order)
    // Blanks at the ends of a path mean nothing.
    const escaped = odd
      .filter((name) => name.trim() === name && !name.endsWith(' '))
      .map((name) => name.slice(6).replaceAll(/[/.<>:#!&]/g, '&$&'))
    const paths = escaped.map((name) => visitorOf({ browsePath: `/3:Simulator/3:Names/3:${name}` }))
    expect(await read(...paths)).toEqual([0, 1, 2, 3, 4, 6])
    expect(
      await read(
        visitorOf('ns=3;i=4711'),
        visitorOf('ns=3;g=72962b91-fa75-4ae6-8d28-b404dc7daf63'),
        visitorOf('ns=3;b=AAEC/w=='),
      ),
    ).toEqual(['Numeric', 'Guid', 'Opaque'])
  })
  test('paths begin where nodeID is, and lead nowhere with a reason', async () => {
    const { read, outcomes, write } = await openVisit(field.url)
    const uri = 'nsu=urn:mapper-sdk:simulator'
    expect(
      await read(
        visitorOf({ nodeID: field.nodeId('Scalars'), browsePath: '/3:Byte' }),
        visitorOf({ browsePath: `/${uri};Simulator/${uri};Scalars/${uri};Byte` }),
        visitorOf({
          nodeID: field.nodeId('Analog.Temperature'),
          browsePath: '.EURange',
          member: 'Low',
        }),
      ),
    ).toEqual([200, 200, -50])
    const lost = visitorOf({ browsePath: '/3:Simulator/Scalars/3:Byte' })
    const [why] = await outcomes(lost)
    expect(why).toMatchObject({ ok: false, error: { code: 'invalid_config' } })
    expect(await write(lost, 1)).toEqual([expect.stringContaining('finds no node at browsePath')])
  })
})

describe('methods', () => {
  const method = (name: string) => of('Methods', { methodID: field.nodeId(`Methods.${name}`) })
  test('take and give several types and arrays', async () => {
    const { read, write } = await openVisit(field.url)
    const echo = method('Echo')
    const given = '[true,-5,9007199254740993,"ü","AP8=","2024-02-29T12:34:56.789Z",[1.5,-0.5]]'
    expect(await read(echo)).toEqual(['unsupported'])
    expect(await write(echo, given)).toEqual(['written'])
    expect(await read(echo)).toEqual([given])
    expect(await write(method('Nothing'), '')).toEqual(['written'])
    expect(await read(method('Nothing'))).toEqual(['unsupported'])
  })
  test.each([
    ['Add', '[1]', '[rejected] the method takes 2 arguments, not 1'],
    ['Add', '[1,2,3]', '[rejected] the method takes 2 arguments, not 3'],
    ['Add', 'x', '[rejected] the method takes 2 arguments: write them as a JSON array'],
    ['Add', '["x",1]', '[bad_data] argument a: '],
    ['Add', '[1,{"x":1}]', '[bad_data] argument b: '],
    ['Echo', '[true,40000,1,"","","2024-02-29",[1]]', '[bad_data] argument small: '],
    ['Echo', '[true,1,1,"","","yesterday",[1]]', '[bad_data] argument when: '],
    ['Echo', '[true,1,1,"","","2024-02-29",1]', '[bad_data] argument list: '],
    ['Echo', '[true,1,1.5,"","","2024-02-29",[1]]', '[bad_data] argument large: '],
  ])('%s is not called with %s', async (name, given, message) => {
    const { write } = await openVisit(field.url)
    const { Call: before = 0 } = field.calls
    const [said] = await write(method(name), given)
    expect(said).toContain(message)
    expect(field.calls['Call'] ?? 0).toBe(before)
  })
  test('that take structures are refused before they are called', async () => {
    const { write } = await openVisit(field.url)
    const { Call: before = 0 } = field.calls
    expect(await write(method('Limit'), '{"Low":1,"High":2}')).toEqual([
      '[unsupported] argument range is a structure, which cannot be passed',
    ])
    expect(field.calls['Call'] ?? 0).toBe(before)
  })
  test('that fail, are missing or take too long say so, and the next call works', async () => {
    const { read, write } = await openVisit(field.url, { timeoutMs: 500 })
    expect(await write(method('Fail'), '')).toEqual([
      expect.stringMatching(/^\[rejected\] BadInvalidState/),
    ])
    expect(await write(method('Nobody'), '')).toEqual([expect.stringMatching(/^\[rejected\] Bad/)])
    const slow = method('Slow')
    expect(await write(slow, 5_000)).toEqual([expect.stringMatching(/^\[timeout\]/)])
    expect(await write(slow, 1)).toEqual(['written'])
    expect(await read(slow, of('Scalars.Byte'))).toEqual(['[true]', 200])
    expect(field.sessionCount).toBe(1)
  })
})

test('a quiet connection is not taken for a broken one, however short the deadline', async () => {
  const own = await startField()
  const { watch } = await openVisit(own.url, { subscribe: false, timeoutMs: 400 })
  const seen = watch([visitorOf(own.nodeId('Scalars.Int32'))])
  const { Read: before = 0 } = own.calls
  await until(
    'the heartbeat has asked',
    () => own.calls['Read'] ?? 0,
    (count) => count > before,
  )
  expect(seen.interruptions).toEqual([])
  expect(own.connectionCount).toBe(1)
})
