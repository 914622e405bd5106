import { rename, rm, symlink, writeFile, mkdir } from 'node:fs/promises'
import path from 'node:path'
import { connectAsync } from 'mqtt'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  requireMosquitto,
  startMosquitto,
  type Mosquitto,
} from '../../../../../test/support/mosquitto.ts'
import { scratchFolder } from '../../../../../test/support/scratch-folder.ts'
import type { Device } from '../../device.ts'
import { silentLogger } from '../../log.ts'
import type { EdgeLink, TwinUpdate } from '../edge.ts'
import { createLegacyMqttEdge } from './legacy-edge.ts'

const signal = new AbortController().signal
const eventually = <T>(check: () => T | Promise<T>) =>
  vi.waitFor(check, { timeout: 15_000, interval: 10 })

const cleanUps: (() => unknown)[] = []
let broker: Mosquitto
let folder: string
let profileFile: string
beforeEach(async (context) => {
  requireMosquitto(context)
  broker = await startMosquitto()
  cleanUps.push(() => broker.stop())
  const scratch = await scratchFolder()
  folder = scratch.folder
  profileFile = path.join(folder, 'deviceProfile.json')
  cleanUps.push(() => scratch.remove())
})
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

interface ProfileOptions {
  readonly names?: readonly string[]
  readonly desired?: string
  readonly type?: string
}
function profile({ names = ['boiler'], desired = '', type = 'int' }: ProfileOptions = {}): string {
  return JSON.stringify({
    deviceInstances: names.map((name) => ({
      ...{ id: name, name, protocol: 'modbus-1', model: 'm' },
      twins: [
        { propertyName: 'setpoint', desired: { value: desired, metadata: { type } } },
        { propertyName: 'note', desired: { value: '' } },
      ],
      data: { dataProperties: [{ propertyName: 'humidity', metadata: { type: 'float' } }] },
      propertyVisitors: ['setpoint', 'note', 'humidity'].map((propertyName, offset) => ({
        ...{ propertyName, visitorConfig: { register: 'HoldingRegister', offset } },
      })),
    })),
    deviceModels: [
      {
        name: 'm',
        properties: [
          { name: 'setpoint', dataType: type, accessMode: 'ReadWrite' },
          { name: 'note', dataType: 'string' },
          { name: 'humidity', dataType: 'float' },
        ],
      },
    ],
    protocols: [{ name: 'modbus-1', protocol: 'modbus', protocolConfig: { slaveID: 1 } }],
  })
}

interface Sent {
  readonly topic: string
  readonly body: Record<string, unknown> & { event_id?: string; twin?: Record<string, unknown> }
}
/** The least that EdgeCore is to a mapper over MQTT: it answers, and tells of wishes. */
async function startEdgeCore(answer: (sent: Sent) => object | undefined = () => ({})) {
  const client = await connectAsync(broker.url)
  cleanUps.push(() => client.endAsync(true))
  const seen: Sent[] = []
  await client.subscribeAsync(['$hw/events/device/#', '$ke/#'], { qos: 1 })
  client.on('message', (topic, payload) => {
    if (/\/(result|delta)$/.test(topic)) return
    const body = JSON.parse(payload.toString()) as Sent['body']
    const sent = { topic, body }
    seen.push(sent)
    const extra = answer(sent)
    if (extra === undefined || !/twin\/(update|get)$/.test(topic)) return
    const result = { event_id: body.event_id, timestamp: Date.now(), twin: {}, ...extra }
    client.publish(`${topic}/result`, JSON.stringify(result), { qos: 1 })
  })
  const twins = () =>
    seen.filter(({ topic }) => topic.endsWith('twin/update')).map(({ body }) => body.twin)
  const raw = (topic: string, payload: string, retain = false) =>
    client.publishAsync(topic, payload, { qos: 1, retain })
  const delta = (
    name: string,
    wishes: Record<string, unknown>,
    at = Date.now(),
    retain = false,
  ) => {
    const twin = Object.fromEntries(
      Object.entries(wishes).map(([property, value]) => [
        property,
        { expected: { value, metadata: { timestamp: at } } },
      ]),
    )
    const payload = JSON.stringify({ event_id: '', timestamp: at, twin, delta: wishes })
    return raw(`$hw/events/device/${name}/twin/update/delta`, payload, retain)
  }
  return { seen, twins, delta, raw, stop: () => client.endAsync(true) }
}

async function open(file = profileFile) {
  const log: string[] = []
  const links: boolean[] = []
  const devices = new Map<string, Device>()
  const edge = createLegacyMqttEdge({
    ...{ profileFile: file, protocolName: 'modbus', logger: silentLogger },
    broker: { url: broker.url },
    answerTimeoutMs: 500,
  })
  const link = await edge.open(
    {
      device(device) {
        log.push(`device ${device.name}`)
        devices.set(device.name, device)
      },
      deviceRemoved: (id) => void log.push(`deviceRemoved ${id}`),
      model: ({ name }) => void log.push(`model ${name}`),
      modelRemoved: (id) => void log.push(`modelRemoved ${id}`),
      link: (up) => void links.push(up),
      route: () => undefined,
      describe: () => undefined,
    },
    signal,
  )
  cleanUps.push(() => link.close())
  await eventually(() => expect(links.at(-1)).toBe(true))
  const desired = () => devices.get('boiler')?.properties[0]?.desired
  return { link, log, links, devices, desired }
}

const register = async (link: EdgeLink) => {
  const reply = await link.register(signal)
  if (reply === 'throttled') throw new Error('never')
  return reply
}
const update = (property: string, reported: string, first = false): TwinUpdate => ({
  ...{ property, reported, observedDesired: '', first },
})
const report = (link: EdgeLink, ...twins: TwinUpdate[]) =>
  link.reportTwins({ device: 'default/boiler', twins }, signal)

describe('the file', () => {
  test('gives the devices; a file that comes later too', async () => {
    await startEdgeCore()
    const { link, log } = await open()
    await expect(link.register(signal)).rejects.toMatchObject({ code: 'edge_unavailable' })
    await writeFile(profileFile, profile({ desired: '42' }))
    await eventually(() => expect(log).toEqual(['model m', 'device boiler', 'device boiler']))
    const { devices, models } = await register(link)
    expect(models.map(({ name }) => name)).toEqual(['m'])
    expect(devices[0]).toMatchObject({ name: 'boiler', protocol: { modbus: { slaveID: 1 } } })
    expect(devices[0]?.properties[0]?.desired).toBe('42')
  })

  test('is followed when written, renamed over, and while it is broken', async () => {
    await startEdgeCore()
    await writeFile(profileFile, profile())
    const { link, log, devices } = await open()
    await register(link)
    await writeFile(profileFile, profile({ names: ['boiler', 'pump'] }))
    await eventually(() => expect(devices.has('pump')).toBe(true))
    await writeFile(profileFile, profile().slice(0, 100))
    await register(link)
    expect(log).not.toContain('deviceRemoved default/boiler')
    await writeFile(`${profileFile}.new`, profile({ names: ['pump'] }))
    await rename(`${profileFile}.new`, profileFile)
    await eventually(() => expect(log).toContain('deviceRemoved default/boiler'))
    await writeFile(profileFile, '{}')
    await eventually(() => expect(log.at(-1)).toBe('deviceRemoved default/pump'))
    expect(log.at(-2)).toBe('modelRemoved default/m')
  })

  test('is followed when a ConfigMap swaps its link', async () => {
    await startEdgeCore()
    const version = async (name: string, text: string) => {
      await mkdir(path.join(folder, name))
      await writeFile(path.join(folder, name, 'deviceProfile.json'), text)
      await symlink(name, path.join(folder, '..next'))
      await rename(path.join(folder, '..next'), path.join(folder, '..data'))
    }
    await version('..1', profile())
    await symlink('..data/deviceProfile.json', profileFile)
    const { link, devices } = await open()
    expect((await register(link)).devices).toHaveLength(1)
    await version('..2', profile({ names: ['boiler', 'pump'] }))
    await rm(path.join(folder, '..1'), { recursive: true })
    await eventually(() => expect(devices.has('pump')).toBe(true))
  })
})

describe('wishes', () => {
  test('come with the device; repeated and older ones do not', async () => {
    const edgecore = await startEdgeCore()
    await writeFile(profileFile, profile({ desired: '1' }))
    const { link, log, desired } = await open()
    await register(link)
    expect(desired()).toBe('1')
    log.length = 0
    const now = Date.now()
    await edgecore.delta('boiler', { setpoint: '7' }, now)
    await eventually(() => expect(desired()).toBe('7'))
    await edgecore.delta('boiler', { setpoint: '7' }, now)
    await edgecore.delta('boiler', { setpoint: '6' }, now - 1000)
    await edgecore.delta('boiler', { setpoint: null, nothing: '1' }, now)
    await edgecore.delta('stranger', { setpoint: '3' }, now)
    for (const garbage of ['', 'null', '[]', '{"delta":', '{"delta":{"setpoint":{}}}']) {
      await edgecore.raw('$hw/events/device/boiler/twin/update/delta', garbage)
    }
    await edgecore.delta('boiler', { setpoint: '8', note: 'x' }, now)
    await eventually(() => expect(desired()).toBe('8'))
    expect(log).toEqual(['device boiler', 'device boiler'])
  })

  test('that were kept at the broker are not followed', async () => {
    const edgecore = await startEdgeCore()
    await edgecore.delta('boiler', { setpoint: '99' }, Date.now(), true)
    await writeFile(profileFile, profile({ desired: '1' }))
    const { link, desired } = await open()
    await register(link)
    await edgecore.delta('boiler', { note: 'after' })
    await register(link)
    expect(desired()).toBe('1')
  })

  test('of the file wait for the word of EdgeCore, which may know newer ones', async () => {
    await startEdgeCore(({ topic }) =>
      topic.endsWith('get')
        ? {
            twin: {
              setpoint: { expected: { value: '5', metadata: { timestamp: 3 } } },
              note: null,
            },
          }
        : {},
    )
    await writeFile(profileFile, profile({ desired: '1' }))
    const { link, devices, log } = await open()
    const wishes: unknown[] = []
    const original = devices.set.bind(devices)
    devices.set = (name, device) => {
      wishes.push(device.properties[0]?.desired)
      return original(name, device)
    }
    await register(link)
    expect(devices.get('boiler')?.properties[0]?.desired).toBe('5')
    expect(wishes).not.toContain('1')
    // A wish that changes in the file is newer than any heard before.
    await writeFile(profileFile, profile({ desired: '9' }))
    await eventually(() => expect(devices.get('boiler')?.properties[0]?.desired).toBe('9'))
    expect(log).toContain('model m')
  })
})

describe('reports', () => {
  test('carry types; a first one goes twice; data has a topic of its own', async () => {
    const edgecore = await startEdgeCore()
    await writeFile(profileFile, profile())
    const { link } = await open()
    await register(link)
    const twins = [
      update('setpoint', '42', true),
      update('note', 'b64:AA'),
      update('humidity', '7'),
    ]
    expect(await report(link, ...twins)).toBe('accepted')
    expect(edgecore.twins()).toMatchObject([
      {
        setpoint: { actual: { value: '42' }, metadata: { type: 'int' } },
        note: { actual: { value: 'b64:AA' }, metadata: { type: 'string' } },
      },
      { setpoint: { actual: { value: '42' } } },
    ])
    expect(edgecore.twins()[0]).not.toHaveProperty('humidity')
    const data = edgecore.seen.filter(({ topic }) => topic.startsWith('$ke'))
    expect(data).toMatchObject([
      {
        topic: '$ke/events/device/boiler/data/update',
        body: { data: { humidity: { value: '7', metadata: { type: 'float' } } } },
      },
    ])
    expect(await link.reportTwins({ device: 'default/nobody', twins }, signal)).toBe('accepted')
  })

  test('name the twins that are refused, by their type or by EdgeCore', async () => {
    await startEdgeCore(({ body }) =>
      body.twin !== undefined && 'note' in body.twin ? { code: 400, reason: 'bad note' } : {},
    )
    await writeFile(profileFile, profile())
    const { link } = await open()
    await register(link)
    expect(await report(link, update('setpoint', '1.5'))).toEqual({
      refused: [{ property: 'setpoint', reason: '"1.5" is no int' }],
    })
    expect(await report(link, update('setpoint', '1'), update('note', 'x'))).toEqual({
      refused: [{ property: 'note', reason: 'bad note' }],
    })
  })

  test('fail when EdgeCore knows no such device, or answers no more', async () => {
    let answer: object | undefined = {}
    await startEdgeCore(() => answer)
    await writeFile(profileFile, profile())
    const { link } = await open()
    await register(link)
    expect(await report(link, update('setpoint', '1'))).toBe('accepted')
    answer = { code: 404, reason: 'no device' }
    await expect(report(link, update('setpoint', '2'))).rejects.toMatchObject({ code: 'rejected' })
    answer = undefined
    await expect(report(link, update('setpoint', '3'))).rejects.toMatchObject({
      code: 'edge_unavailable',
    })
  })

  test('are taken on trust where EdgeCore never answers', async () => {
    const edgecore = await startEdgeCore(() => undefined)
    await writeFile(profileFile, profile({ desired: '4' }))
    const { link, desired } = await open()
    await register(link)
    await eventually(() => expect(desired()).toBe('4'))
    expect(await report(link, update('setpoint', '1'))).toBe('accepted')
    expect(await report(link, update('setpoint', '2'))).toBe('accepted')
    expect(edgecore.twins()).toHaveLength(2)
  })

  test('of states use the words of these times', async () => {
    const edgecore = await startEdgeCore()
    await writeFile(profileFile, profile())
    const { link } = await open()
    await register(link)
    for (const state of ['ok', 'unhealthy', 'offline', 'unknown'] as const) {
      expect(await link.reportState('default/boiler', state, signal)).toBe('accepted')
    }
    const states = () =>
      edgecore.seen.flatMap(({ topic, body }) =>
        topic.endsWith('state/update') ? body['state'] : [],
      )
    await eventually(() => expect(states()).toEqual(['ok', 'unknown', 'offline', 'unknown']))
  })
})

describe('the link', () => {
  test('goes with the broker and comes back, and asks for what was missed', async () => {
    await startEdgeCore()
    await writeFile(profileFile, profile({ desired: '1' }))
    const { link, links, desired } = await open()
    await register(link)
    await broker.kill()
    await eventually(() => expect(links.at(-1)).toBe(false))
    const away = { code: 'edge_unavailable' }
    await expect(link.register(signal)).rejects.toMatchObject(away)
    await expect(report(link, update('setpoint', '1'))).rejects.toMatchObject(away)
    await expect(link.reportState('default/boiler', 'ok', signal)).rejects.toMatchObject(away)
    await broker.restart()
    await startEdgeCore(() => ({ twin: { setpoint: { expected: { value: '3' } } } }))
    await eventually(() => expect(links.at(-1)).toBe(true))
    await register(link)
    expect(desired()).toBe('3')
  })

  test('ends at once, any number of times, and by a signal', async () => {
    await writeFile(profileFile, profile())
    const { link } = await open()
    const pending = expect(link.register(signal)).rejects.toMatchObject({ code: 'canceled' })
    await link.close()
    await link.close()
    await pending
    await expect(link.register(signal)).rejects.toMatchObject({ code: 'canceled' })
    await expect(link.register(AbortSignal.abort())).rejects.toMatchObject({ code: 'canceled' })
  })
})
