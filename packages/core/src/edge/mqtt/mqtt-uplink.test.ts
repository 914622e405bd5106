import { expect, onTestFinished, test, type TestContext } from 'vitest'
import { freePort } from '../../../../../test/support/free-port.ts'
import { requireMosquitto, startMosquitto } from '../../../../../test/support/mosquitto.ts'
import type { EdgeEvents, EdgeLimits, TwinUpdate } from '../edge.ts'
import { createEar, createLog, eventually, forever, startProxy } from './broker.suite.ts'
import { createOtherWay, startEventBus, twinOf, type BusMessage } from './event-bus.suite.ts'
import { withMqttUplink, type MqttUplinkOptions } from './mqtt-uplink.ts'

async function mosquitto(context: TestContext) {
  requireMosquitto(context)
  const server = await startMosquitto()
  onTestFinished(() => server.stop())
  return server
}

async function openUplink(
  url: string,
  options: Partial<Omit<MqttUplinkOptions, 'broker'>> & { publishTimeoutMs?: number } = {},
) {
  const dmi = createOtherWay()
  const log = createLog()
  const routes: (EdgeLimits | undefined)[] = []
  const events: EdgeEvents = {
    device: () => undefined,
    deviceRemoved: () => undefined,
    model: () => undefined,
    modelRemoved: () => undefined,
    describe: () => undefined,
    link: () => undefined,
    route: (limits) => void routes.push(limits),
  }
  const { publishTimeoutMs = 5_000, ...rest } = options
  const edge = withMqttUplink(dmi.edge, {
    ...{ mode: 'auto', logger: log.logger, proveEveryMs: 50, random: Math.random },
    broker: { url, clientId: 'mapperSuite', publishTimeoutMs },
    ...rest,
  })
  const link = await edge.open(events, forever)
  onTestFinished(() => link.close())
  const report = (...twins: TwinUpdate[]) =>
    link.reportTwins({ device: 'plant/boiler', twins }, forever)
  /** Reports until it goes over MQTT. */
  const proven = () =>
    eventually(async () => {
      await report(twinOf('warm-up')).catch(() => undefined)
      expect(routes.at(-1)).toBeDefined()
    })
  const brokerThere = () =>
    eventually(() =>
      expect(log.of('info').some(({ text }) => text.includes('broker is there'))).toBe(true),
    )
  return { link, edge, dmi, log, routes, report, proven, brokerThere }
}

/** EdgeCore's check of a twin whose type somebody else set to int. */
const intOnly =
  (...names: string[]) =>
  (message: BusMessage) => {
    const bad = names.some((name) =>
      [message.twin[name]?.actual, message.twin[name]?.expected].some(
        (each) => each !== undefined && !/^-?\d+$/.test(each.value),
      ),
    )
    return bad ? { code: 400, reason: 'the value is not int or integer' } : 'accept'
  }

test('an update of no twins proves the way; once EdgeCore has answered, all go over MQTT', async (context) => {
  const server = await mosquitto(context)
  const bus = await startEventBus(server.url)
  const { link, report, routes, dmi, brokerThere } = await openUplink(server.url)
  await brokerThere()
  expect(await report(twinOf('t', '20'))).toBe('accepted')
  expect(dmi.reports).toHaveLength(1)
  await eventually(() =>
    expect(routes).toEqual([
      {
        ...{ callsPerSecond: 50, burst: 50, twinsPerSecond: Infinity },
        ...{ twinsPerCall: 200, callsAtOnce: 16 },
      },
    ]),
  )
  // A value that went both ways could overtake the one that follows it over DMI.
  expect(bus.got).toMatchObject([{ device: 'plant/boiler', twin: {} }])
  expect(Object.keys(bus.got[0]?.twin ?? { none: 1 })).toEqual([])
  bus.got.length = 0
  expect(await report(twinOf('t', '21', { observedDesired: '5' }), twinOf('u', ''))).toBe(
    'accepted',
  )
  expect(await link.reportState('plant/boiler', 'unhealthy', forever)).toBe('accepted')
  expect(dmi.reports).toHaveLength(1)
  expect(dmi.states).toEqual([])
  expect(bus.got).toMatchObject([
    {
      device: 'plant/boiler',
      twin: {
        t: { actual: { value: '21' }, expected: { value: '5' } },
        u: { actual: { value: '' }, expected: { value: '' } },
      },
    },
    { device: 'plant/boiler', state: 'unhealthy' },
  ])
})

test('a first report is sent twice, the second after the answer to the first', async (context) => {
  const server = await mosquitto(context)
  const bus = await startEventBus(server.url)
  const { report, proven } = await openUplink(server.url)
  await proven()
  bus.got.length = 0
  expect(await report(twinOf('a', '1', { first: true }), twinOf('b'))).toBe('accepted')
  expect(bus.got.map(({ twin }) => Object.keys(twin))).toEqual([['a', 'b'], ['a']])
})

test('one bad twin of 50: the others are reported, the bad one is named, in few messages', async (context) => {
  const server = await mosquitto(context)
  const bus = await startEventBus(server.url)
  const { report, proven } = await openUplink(server.url)
  await proven()
  bus.got.length = 0
  bus.script = intOnly('p33')
  const twins = Array.from({ length: 50 }, (_, i) =>
    twinOf(`p${i}`, 'warm', { first: i % 2 === 0 }),
  )
  expect(await report(...twins)).toEqual({
    refused: [{ property: 'p33', reason: 'the value is not int or integer' }],
  })
  const accepted = bus.got.filter((message) => bus.script(message) === 'accept')
  const told = new Set(accepted.flatMap(({ twin }) => Object.keys(twin)))
  expect([...told].sort()).toEqual(
    twins
      .map(({ property }) => property)
      .filter((p) => p !== 'p33')
      .sort(),
  )
  expect(bus.got.length).toBeLessThanOrEqual(2 * Math.ceil(Math.log2(50)) + 3)
})

test('a number twin without a desired value does without one, and that is remembered', async (context) => {
  const server = await mosquitto(context)
  const bus = await startEventBus(server.url)
  const { report, proven } = await openUplink(server.url)
  await proven()
  bus.script = intOnly('count')
  expect(await report(twinOf('count', '7'), twinOf('text', 'x'))).toBe('accepted')
  bus.got.length = 0
  expect(await report(twinOf('count', '8'), twinOf('text', 'y'))).toBe('accepted')
  expect(bus.got.map(({ twin }) => twin)).toEqual([
    {
      count: { actual: { value: '8' } },
      text: { actual: { value: 'y' }, expected: { value: '' } },
    },
  ])
})

test('a text that EdgeCore would not even answer stays here', async (context) => {
  const server = await mosquitto(context)
  const bus = await startEventBus(server.url)
  const { report, proven } = await openUplink(server.url)
  await proven()
  bus.got.length = 0
  const receipt = await report(twinOf('a', 'not legal'), twinOf('b'), twinOf('c d'))
  expect(receipt).toMatchObject({ refused: [{ property: 'a' }, { property: 'c d' }] })
  expect(bus.got.map(({ twin }) => Object.keys(twin))).toEqual([['b']])
})

test('a device that EdgeCore does not know is rejected; others go on', async (context) => {
  const server = await mosquitto(context)
  const bus = await startEventBus(server.url)
  const { link, report, proven, routes } = await openUplink(server.url)
  await proven()
  bus.script = ({ device }) =>
    device === 'plant/boiler' ? 'accept' : { code: 404, reason: 'no such device' }
  const twins = [twinOf('a')]
  for (let i = 0; i < 5; i++) {
    await expect(link.reportTwins({ device: 'plant/gone', twins }, forever)).rejects.toMatchObject({
      code: 'rejected',
    })
  }
  expect(await report(twinOf('a'))).toBe('accepted')
  expect(routes).toHaveLength(1)
})

test('without answers it stays DMI, and proves itself ever more rarely', async (context) => {
  const server = await mosquitto(context)
  const bus = await startEventBus(server.url)
  bus.script = () => 'silent'
  const options = { resultTimeoutMs: 20, proveEveryMs: 60_000, random: () => 0.5 }
  const { report, routes, dmi, brokerThere } = await openUplink(server.url, options)
  await brokerThere()
  for (let i = 0; i < 100; i++) expect(await report(twinOf('a', `${i}`))).toBe('accepted')
  await eventually(() => expect(bus.got.length).toBe(1))
  expect(dmi.reports).toHaveLength(100)
  expect(routes).toEqual([])
})

test('two answers missed: DMI again, and MQTT once EdgeCore answers again', async (context) => {
  const server = await mosquitto(context)
  const bus = await startEventBus(server.url)
  const { report, routes, dmi, proven } = await openUplink(server.url, { resultTimeoutMs: 100 })
  await proven()
  bus.script = () => 'silent'
  for (let i = 0; i < 2; i++) {
    await expect(report(twinOf('a'))).rejects.toMatchObject({
      code: 'edge_unavailable',
      message: expect.stringContaining(server.url) as string,
    })
  }
  expect(routes).toHaveLength(2)
  expect(routes[1]).toBeUndefined()
  const before = dmi.reports.length
  expect(await report(twinOf('a'))).toBe('accepted')
  expect(dmi.reports).toHaveLength(before + 1)
  bus.script = () => 'accept'
  await proven()
})

test('in mode mqtt twins wait for the broker and for EdgeCore, and name what is missing', async (context) => {
  requireMosquitto(context)
  const port = await freePort()
  const url = `mqtt://127.0.0.1:${port}`
  const options = { mode: 'mqtt', resultTimeoutMs: 100 } as const
  const { link, report, routes, dmi, proven, brokerThere } = await openUplink(url, options)
  await expect(report(twinOf('a'))).rejects.toThrow(/\[edge_unavailable\].*127\.0\.0\.1/)
  const server = await startMosquitto({ port })
  onTestFinished(() => server.stop())
  await brokerThere()
  await expect(report(twinOf('a'))).rejects.toThrow('is its eventBus on')
  await expect(report(twinOf('a'))).rejects.toThrow('EdgeCore has not answered over')
  expect(await link.reportState('plant/boiler', 'ok', forever)).toBe('accepted')
  expect(await report(twinOf('a', 'not legal'))).toMatchObject({ refused: [{ property: 'a' }] })
  await startEventBus(url)
  await proven()
  expect(routes).toHaveLength(1)
  expect(dmi.reports).toEqual([])
})

test('a broker that dies under a report fails it at once, and DMI takes over', async (context) => {
  const server = await mosquitto(context)
  const bus = await startEventBus(server.url)
  const { report, routes, proven, dmi } = await openUplink(server.url, { resultTimeoutMs: 60_000 })
  await proven()
  bus.script = () => 'silent'
  const before = bus.got.length
  const lost = report(twinOf('a'))
  await eventually(() => expect(bus.got.length).toBeGreaterThan(before))
  await Promise.all([
    expect(lost).rejects.toMatchObject({ code: 'edge_unavailable' }),
    server.kill(),
  ])
  expect(routes.at(-1)).toBeUndefined()
  const told = dmi.reports.length
  expect(await report(twinOf('a'))).toBe('accepted')
  expect(dmi.reports).toHaveLength(told + 1)
})

test('a broker that acknowledges nothing fails the report in time', async (context) => {
  const server = await mosquitto(context)
  await startEventBus(server.url)
  const proxy = await startProxy(server.port)
  const options = { publishTimeoutMs: 100, resultTimeoutMs: 60_000 }
  const { report, proven, routes } = await openUplink(proxy.url, options)
  await proven()
  proxy.deaf = true
  await expect(report(twinOf('a'))).rejects.toThrow('did not take a message within 100 ms')
  expect(routes.at(-1)).toBeUndefined()
})

test('when EdgeCore goes and comes back, its eventBus has to show again that it hears', async (context) => {
  const server = await mosquitto(context)
  await startEventBus(server.url)
  const { report, proven, routes, dmi } = await openUplink(server.url)
  await proven()
  dmi.link(false)
  expect(routes.at(-1)).toBeUndefined()
  dmi.link(true)
  const told = dmi.reports.length
  expect(await report(twinOf('a'))).toBe('accepted')
  expect(dmi.reports).toHaveLength(told + 1)
  await eventually(() => expect(routes).toHaveLength(3))
})

test('garbage on the topics of EdgeCore is dropped, and harms no report', async (context) => {
  const server = await mosquitto(context)
  const bus = await startEventBus(server.url)
  const { report, proven, log } = await openUplink(server.url)
  await proven()
  const at = (id: string, what = 'twin') => `$hw/events/device/${id}/${what}/update/result`
  bus.script = ({ twin }) => {
    const evil = ['null', '[]', '{', '\uFEFF{}', '['.repeat(100_000)]
    if (twin['slow'] !== undefined) {
      for (const text of evil) {
        void bus.say(at('plant/boiler', 'state'), text)
        void bus.say('$hw/events/device//twin/update/result', text)
        void bus.say(at('plant/boiler'), text)
      }
      void bus.say(at('plant/boiler', 'state'), Buffer.alloc(10 * 2 ** 20, '['))
    }
    return 'accept'
  }
  expect(await report(twinOf('slow'))).toBe('accepted')
  expect(await report(twinOf('a'))).toBe('accepted')
  expect(
    log.of('warn').filter(({ text }) => text.includes('none of its answers')).length,
  ).toBeLessThanOrEqual(1)
  expect(log.of('error')).toEqual([])
})

test('a state that EdgeCore does not answer goes by DMI, and so do the next ones', async (context) => {
  const server = await mosquitto(context)
  const bus = await startEventBus(server.url)
  const options = { resultTimeoutMs: 200, proveEveryMs: 60_000 }
  const { link, proven, dmi, routes } = await openUplink(server.url, options)
  await proven()
  bus.script = ({ state }) => (state === undefined ? 'accept' : 'silent')
  expect(await link.reportState('plant/boiler', 'unhealthy', forever)).toBe('accepted')
  bus.got.length = 0
  expect(await link.reportState('plant/boiler', 'ok', forever)).toBe('accepted')
  expect(dmi.states).toEqual(['unhealthy', 'ok'])
  expect(bus.got).toEqual([])
  expect(routes).toHaveLength(1)
})

test('a namespace that EdgeCore cannot route costs the others nothing', async (context) => {
  const server = await mosquitto(context)
  const bus = await startEventBus(server.url)
  const { link, proven, dmi } = await openUplink(server.url)
  await proven()
  bus.got.length = 0
  const lost = { device: 'dev/boiler', twins: [twinOf('a')] }
  expect(await link.reportTwins(lost, forever)).toBe('accepted')
  expect(dmi.reports.at(-1)).toBe(lost)
  expect(bus.got).toEqual([])
})

test('many calls at once: bounded, and each gets its own answer', async (context) => {
  const server = await mosquitto(context)
  const bus = await startEventBus(server.url)
  const { link, proven } = await openUplink(server.url)
  await proven()
  bus.script = ({ device }) => (device.endsWith('7') ? { code: 400, reason: device } : 'accept')
  const calls = Array.from({ length: 200 }, (_, i) =>
    link.reportTwins(
      { device: `plant/d${i}`, twins: [twinOf('a', '1', { observedDesired: '1' })] },
      forever,
    ),
  )
  for (const [i, receipt] of (await Promise.all(calls)).entries()) {
    const refused = { refused: [{ property: 'a', reason: `plant/d${i}` }] }
    expect(receipt).toEqual(i % 10 === 7 ? refused : 'accepted')
  }
})

test('closing ends calls under way as canceled, and everything after', async (context) => {
  const server = await mosquitto(context)
  const bus = await startEventBus(server.url)
  const { link, report, proven, dmi } = await openUplink(server.url, { resultTimeoutMs: 60_000 })
  await proven()
  bus.script = () => 'silent'
  const canceled = { code: 'canceled' }
  const calls = Array.from({ length: 30 }, () =>
    expect(report(twinOf('a'))).rejects.toMatchObject(canceled),
  )
  await eventually(() => expect(bus.got.length).toBeGreaterThan(10))
  await Promise.all([link.close(), link.close(), ...calls])
  await expect(report(twinOf('a'))).rejects.toMatchObject(canceled)
  await expect(link.reportState('plant/boiler', 'ok', forever)).rejects.toMatchObject(canceled)
  expect(dmi.closed()).toBe(1)
})

test('a call that is given up says nothing of the way', async (context) => {
  const server = await mosquitto(context)
  const bus = await startEventBus(server.url)
  const { link, report, proven, routes } = await openUplink(server.url, { resultTimeoutMs: 60_000 })
  await proven()
  bus.script = () => 'silent'
  for (let i = 0; i < 3; i++) {
    const stop = new AbortController()
    const before = bus.got.length
    const call = link.reportTwins({ device: 'plant/boiler', twins: [twinOf('a')] }, stop.signal)
    await eventually(() => expect(bus.got.length).toBeGreaterThan(before))
    stop.abort()
    await expect(call).rejects.toMatchObject({ code: 'canceled' })
  }
  bus.script = () => 'accept'
  expect(await report(twinOf('a'))).toBe('accepted')
  expect(routes).toHaveLength(1)
})

test('a broker that can never work is told at open, and DMI is not left behind', async () => {
  const { edge } = createOtherWay()
  const { logger } = createLog()
  const broker = { url: 'mqtt://me:hunter2@broker', clientId: 'c' }
  const uplink = withMqttUplink(edge, { mode: 'auto', broker, logger, clock: createEar().clock })
  await expect(uplink.open({} as EdgeEvents, forever)).rejects.toMatchObject({
    code: 'invalid_config',
  })
})
