import { expect, test } from 'vitest'
import { freePort } from '../../../test/support/free-port.ts'
import { until } from '../../../test/support/until.ts'
import { startBus } from './bus-client.suite.ts'
import {
  deviceCr,
  modelCr,
  reportState,
  reportTwins,
  startRawMapper,
  startSim,
  twinOf,
} from './raw-mapper.suite.ts'

const boiler = 'plant/boiler'
const int = (value: string) => ({ actual: { value }, metadata: { type: 'int' } })

test('an update is answered, kept and brought to the cloud; the first report is lost', async (context) => {
  const { sim, update, heard, hear } = await startBus(context)
  sim.apply(modelCr())
  sim.apply(deviceCr())
  await sim.idle()
  const first = await update(boiler, { a: { expected: { value: '8' }, ...int('7') } })
  expect(first).toMatchObject({
    event_id: 'ask-1',
    timestamp: expect.any(Number) as number,
    twin: { a: { expected: { value: '8' }, actual: { value: '7' }, metadata: { type: 'int' } } },
  })
  expect(first).not.toHaveProperty('code')
  const document = await hear(`device/${boiler}/twin/update/document`)
  expect(document).toMatchObject({
    ...{ qos: 1, retain: false },
    body: { event_id: 'ask-1', twin: { a: { last: null, current: { actual: { value: '7' } } } } },
  })
  const delta = await hear(`device/${boiler}/twin/update/delta`)
  expect(delta.body).toMatchObject({ delta: { a: '8' }, twin: { a: { expected: { value: '8' } } } })
  await until(
    'the entry',
    () => sim.twin(boiler, 'a')?.reported,
    (value) => value === '',
  )
  expect(sim.stats().droppedTwins).toEqual({ 'first-report': 1 })
  heard.length = 0
  await update(boiler, { a: { expected: { value: '8' }, actual: { value: '8' } } })
  await until(
    'the value',
    () => sim.twin(boiler, 'a')?.reported,
    (value) => value === '8',
  )
  expect(sim.twin(boiler, 'a')?.metadata?.['type']).toBe('int')
  expect(await hear(`device/${boiler}/twin/update/document`)).toMatchObject({
    body: {
      twin: { a: { last: { actual: { value: '7' } }, current: { actual: { value: '8' } } } },
    },
  })
  expect(heard.filter(({ topic }) => topic.endsWith('/delta'))).toEqual([])
  expect(sim.stats().mqtt).toEqual({ connected: true, messages: 2, twins: 2, refused: {} })
  expect(sim.stats().calls).toEqual({})
})

test('500 messages at once are all taken, and many twins need one token', async (context) => {
  const { sim, update, events } = await startBus(context, {
    upstream: { perSecond: 0.001, burst: 2 },
    version: '1.20',
  })
  const properties = Array.from({ length: 50 }, (_, index) => ({ name: `p${index}` }))
  const device = deviceCr()
  sim.apply(modelCr())
  sim.apply({ ...device, spec: { ...device.spec, properties } })
  await sim.idle()
  const twins = (value: string) =>
    Object.fromEntries(properties.map(({ name }) => [name, int(value)]))
  await update(boiler, twins('1'))
  await update(boiler, twins('2'))
  const values = () => properties.map(({ name }) => sim.twin(boiler, name)?.reported)
  await until('all values', values, (seen) => seen.every((value) => value === '2'))
  await sim.idle()
  // One patch each, so one echo each.
  expect(
    events.filter((one) => one.type === 'downstream' && one.method === 'UpdateDevice'),
  ).toHaveLength(2)
  await Promise.all(Array.from({ length: 500 }, () => update(boiler, { p0: int('3') })))
  expect(sim.stats().mqtt).toMatchObject({ messages: 502, twins: 600, refused: {} })
  expect(sim.twin(boiler, 'p0')?.reported).toBe('2')
})

test.for([
  ['no JSON', '{', 'malformed'],
  ['no object', '[]', 'malformed'],
  ['no twin', '{"event_id":"x","timestamp":0}', 'malformed'],
  ['a number as value', '{"event_id":"x","twin":{"a":{"actual":{"value":4}}}}', 'malformed'],
  ['an event_id that is no text', '{"event_id":1,"twin":{}}', 'malformed'],
  [
    'a name with a space',
    '{"event_id":"x","twin":{"a b":{"actual":{"value":"4"}}}}',
    'illegal-name',
  ],
  [
    'a value with a plus',
    '{"event_id":"x","twin":{"a":{"actual":{"value":"1e+21"}}}}',
    'illegal-value',
  ],
] as const)('%s is only answered to nobody', async ([, payload, reason], context) => {
  const { sim, say, hear, heard } = await startBus(context)
  sim.apply(modelCr())
  sim.apply(deviceCr())
  await sim.idle()
  heard.length = 0
  await say(`device/${boiler}/twin/update`, payload)
  const { body } = await hear('device//twin/update/result')
  expect(body).toMatchObject({ event_id: '', code: 400, reason: expect.any(String) as string })
  expect(heard.filter(({ topic }) => topic.endsWith('/result'))).toEqual([])
  expect(sim.stats().mqtt).toMatchObject({ messages: 1, twins: 0, refused: { [reason]: 1 } })
})

test('one bad typed value refuses the whole message, and nothing of it is taken', async (context) => {
  const { sim, update, heard } = await startBus(context)
  sim.apply(modelCr())
  sim.apply(deviceCr())
  await sim.idle()
  const refusal = (reason: string) => ({ code: 400, reason })
  const notInt = 'the value is not int or integer'
  const bad = { actual: { value: 'warm' }, metadata: { type: 'integer' } }
  expect(await update(boiler, { a: int('1'), b: bad })).toMatchObject(refusal(notInt))
  expect(await update(boiler, { b: { ...int('1'), expected: { value: '' } } })).toMatchObject(
    refusal(notInt),
  )
  for (const [type, value, reason] of [
    ['float', 'x', 'the value is not float'],
    ['boolean', 'TRUE', 'the bool value must be true or false'],
    ['int', '9223372036854775808', notInt],
    ['int', '1.0', notInt],
    ['double', '1', 'the value type is not allowed'],
    ['bytes', '00', 'the value type is not allowed'],
  ] as const) {
    const twin = { b: { actual: { value }, metadata: { type } } }
    expect(await update(boiler, twin)).toMatchObject(refusal(reason))
  }
  expect(heard.filter(({ topic }) => /document|delta/.test(topic))).toEqual([])
  expect(sim.twin(boiler, 'a')?.reported).toBeUndefined()
  // The type of the first message stays, whatever later ones say, DMI included.
  expect(await update(boiler, { a: int('1') })).not.toHaveProperty('code')
  const claim = { a: { actual: { value: 'x' }, metadata: { type: 'string' } } }
  expect(await update(boiler, claim)).toMatchObject(refusal(notInt))
  expect(sim.stats().mqtt.refused).toEqual({ 'wrong-type': 9 })
})

test('a twin over DMI is told to the broker, and checked against the type it got there', async (context) => {
  const { sim, update, hear, socketPath } = await startBus(context)
  sim.apply(modelCr())
  sim.apply(deviceCr())
  await sim.idle()
  await update(boiler, { a: int('1') })
  await hear(`device/${boiler}/twin/update/document`)
  await reportTwins(socketPath, boiler, [twinOf('b', 'cold', 'hot')])
  expect((await hear(`device/${boiler}/twin/update/result`)).body).toMatchObject({
    event_id: '',
    twin: { b: { actual: { value: 'cold' }, metadata: { type: 'string' } } },
  })
  await hear(`device/${boiler}/twin/update/document`)
  expect((await hear(`device/${boiler}/twin/update/delta`)).body['delta']).toEqual({ b: 'hot' })
  await reportTwins(socketPath, boiler, [twinOf('a', 'cold')])
  expect((await hear(`device/${boiler}/twin/update/result`)).body).toMatchObject({ code: 400 })
  expect(sim.stats().droppedTwins).toMatchObject({ 'wrong-type': 1 })
  await reportTwins(socketPath, boiler, [twinOf('b', 'süd')])
  expect((await hear('device//twin/update/result')).body).toMatchObject({ event_id: '', code: 400 })
})

test('unknown devices are 404, and a namespace that hides in the topic gets no answer', async (context) => {
  const { sim, update, say, heard } = await startBus(context)
  sim.apply({ ...modelCr(), metadata: { name: 'm', namespace: 'dev' } })
  sim.apply(deviceCr('boiler', { namespace: 'dev' }))
  await sim.idle()
  await say('device/dev/boiler/twin/update', { event_id: '', timestamp: 0, twin: { a: int('1') } })
  expect(await update('plant/nobody', { a: int('1') })).toMatchObject({ code: 404 })
  expect(heard.filter(({ topic }) => topic.includes('/twin/'))).toEqual([])
  expect(sim.stats().mqtt.refused).toEqual({ unroutable: 1, 'unknown-device': 1 })
})

test.for(['expected', 'actual'])(
  'a twin whose %s has no value kills EdgeCore',
  async (half, context) => {
    const { sim, say, events } = await startBus(context)
    sim.apply(modelCr())
    sim.apply(deviceCr())
    await sim.idle()
    await say(`device/${boiler}/twin/update`, { twin: { a: { [half]: {} } } })
    await until(
      'the crash',
      () => sim.stats().crashes[0]?.report,
      (report) => !!report,
    )
    expect(sim.stats().crashes[0]?.report).toContain(`${half} of twin a has no value`)
    await until(
      'the bus is gone',
      () => sim.stats().mqtt.connected,
      (is) => !is,
    )
    expect(events.some((one) => one.type === 'mqtt' && one.outcome === 'crash')).toBe(true)
    await sim.startEdgeCore()
    expect(sim.stats().mqtt.connected).toBe(true)
  },
)

test('an update of no twins is answered, and changes nothing', async (context) => {
  const { sim, update } = await startBus(context)
  sim.apply(modelCr())
  sim.apply(deviceCr())
  await sim.idle()
  await update(boiler, { a: int('1') })
  const before = JSON.stringify(sim.cloud())
  expect(await update(boiler, {})).toMatchObject({ twin: {} })
  await sim.idle()
  expect(JSON.stringify(sim.cloud())).toBe(before)
})

test('null deletes a twin if it is optional; twin/get shows what there is', async (context) => {
  const { sim, update, say, hear, heard } = await startBus(context)
  sim.apply(modelCr())
  sim.apply(deviceCr())
  await sim.idle()
  await update(boiler, { a: int('1'), b: { ...int('2'), optional: false } })
  expect(await update(boiler, { a: null, b: null })).toMatchObject({ twin: { a: null } })
  heard.length = 0
  const get = async (device: string) => {
    await say(`device/${device}/twin/get`, { event_id: 'get', timestamp: 0 })
    return (await hear(`device/${device}/twin/get/result`)).body
  }
  const { twin, event_id: eventId } = await get(boiler)
  expect(eventId).toBe('get')
  expect(twin).toMatchObject({ b: { actual: { value: '2' }, optional: false } })
  expect(Object.keys(twin as object)).toEqual(['b'])
  expect(await get('plant/nobody')).toMatchObject({ event_id: 'get', code: 404 })
  // EdgeCore's database outlives it.
  await sim.restart()
  expect(Object.keys((await get(boiler))['twin'] as object)).toEqual(['b'])
})

test('states: names that EdgeCore knows, with an answer; others without', async (context) => {
  const { sim, say, hear, heard, socketPath } = await startBus(context)
  sim.apply(modelCr())
  sim.apply(deviceCr())
  await sim.idle()
  const state = () => sim.cloud()[0]?.state
  const topic = `device/${boiler}/state/update`
  await say(topic, { event_id: 's', timestamp: 0, state: 'OK' })
  expect((await hear(`${topic}/result`)).body).toMatchObject({
    device: { name: 'boiler', state: 'OK', lastOnlineTime: expect.stringMatching(/Z$/) as string },
  })
  await until('the state', state, (seen) => seen === 'OK')
  await say(topic, { state: 'disconnected' })
  await say(topic, { state: 5 })
  await say(topic, { state: 'offline' })
  const offline = await hear(`${topic}/result`)
  expect(offline.body['device']).toEqual({ name: 'boiler', state: 'offline', lastOnlineTime: '' })
  await until('the state', state, (seen) => seen === 'offline')
  expect(sim.stats().mqtt.refused).toEqual({ 'unknown-state': 1, malformed: 1 })
  heard.length = 0
  await reportState(socketPath, boiler, 'unhealthy')
  expect((await hear(`${topic}/result`)).body).toMatchObject({ device: { state: 'unhealthy' } })
  await say('node/edge-1/membership/get', { event_id: 'm', timestamp: 0 })
  expect((await hear('node/edge-1/membership/get/result')).body).toMatchObject({
    event_id: 'm',
    devices: [{ id: boiler, name: 'boiler', state: 'unhealthy' }],
  })
})

test('without the cloud, twins reach EdgeCore’s database and no further', async (context) => {
  const { sim, update } = await startBus(context)
  sim.apply(modelCr())
  sim.apply(deviceCr())
  await sim.idle()
  sim.cloudLink(false)
  expect(await update(boiler, { a: int('1'), b: int('2') })).toHaveProperty('twin.b')
  expect(sim.stats().droppedTwins).toEqual({ 'cloud-offline': 2 })
  expect(sim.twin(boiler, 'a')?.reported).toBeUndefined()
})

test('when the broker goes and comes, EdgeCore is there again', async (context) => {
  const { sim, broker, update, connected, client, events } = await startBus(context)
  sim.apply(modelCr())
  sim.apply(deviceCr())
  await sim.idle()
  const back = new Promise((resolve) => client.once('connect', resolve))
  await broker.kill()
  await connected(false)
  await broker.restart()
  await connected()
  await back
  await client.subscribeAsync('$hw/events/#', { qos: 1, nl: true })
  expect(await update(boiler, { a: int('1') })).toHaveProperty('twin.a')
  const bus = events.flatMap((one) => (one.type === 'eventbus' ? [one.connected] : []))
  expect(bus).toEqual([false, true])
})

test('without a broker EdgeCore serves DMI all the same; a bad URL is said', async () => {
  const url = `mqtt://127.0.0.1:${await freePort()}`
  const { sim, socketPath } = await startSim({ mqtt: { url } })
  await (await startRawMapper(socketPath)).register()
  expect(sim.stats().mqtt.connected).toBe(false)
  const bad = startSim({ mqtt: { url: 'gopher://127.0.0.1' } })
  await expect(bad).rejects.toMatchObject({ code: 'invalid_config' })
})

test('in 1.15 a device is its name', async (context) => {
  const { sim, update } = await startBus(context, { version: '1.15' })
  sim.apply(modelCr())
  sim.apply({ ...deviceCr(), status: { twins: [{ propertyName: 'a' }] } })
  await sim.idle()
  expect(await update('boiler', { a: int('5'), b: int('6') })).toHaveProperty('twin.b')
  await until(
    'the value',
    () => sim.twin(boiler, 'a')?.reported,
    (value) => value === '5',
  )
  expect(sim.stats().droppedTwins).toEqual({ 'not-in-status': 1 })
})
