import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, it } from 'vitest'
import {
  createDmiEdge,
  runMapper,
  silentLogger,
  withMqttUplink,
  type Driver,
  type MapperView,
} from '@mapper-sdk/core'
import { startEdgeSim } from '@mapper-sdk/edge-sim'
import { requireMosquitto, startMosquitto } from '../support/mosquitto.ts'
import { scratchFolder } from '../support/scratch-folder.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { until } from '../support/until.ts'

/*
 * The broker, EdgeCore and the way to the cloud go and come a hundred times, alone and together, while
 * values change. After each few the cloud must show the latest of every twin within one refresh.
 */
/** The full run by default; OUTAGES shortens one that only looks at another version of Node.js. */
const outages = Number(process.env['OUTAGES'] ?? 100)
const refreshMs = 3_000
const devices = ['pump', 'boiler', 'meter']
const properties = Array.from({ length: 6 }, (_, index) => `p${index}`)

it('the cloud is right within one refresh, whatever went away and came back', async (context) => {
  requireMosquitto(context)
  const { folder, remove } = await scratchFolder()
  const broker = await startMosquitto()
  const edgecoreSocketPath = path.join(folder, 'dmi.sock')
  const sim = await startEdgeSim({
    socketPath: edgecoreSocketPath,
    mqtt: { url: broker.url },
    lossyBursts: true,
  })
  const seed = Number(process.env['OUTAGE_SEED'] ?? Math.floor(Math.random() * 1e6))
  process.stdout.write(`outages: OUTAGE_SEED=${seed}\n`)
  const random = seededRandom(seed)
  let value = 0
  const driver: Driver<unknown, { key: string }> = {
    protocolName: 'outages',
    protocolSchema: { type: 'object' },
    visitorSchema: { type: 'object', properties: { key: { type: 'string' } } },
    connectionKey: () => 'one',
    connect: async () => ({
      read: async (_protocol, visitors) => visitors.map(() => ({ ok: true, value })),
      write: async () => [],
      close: async () => undefined,
    }),
  }
  const apiVersion = 'devices.kubeedge.io/v1beta1'
  const visitors = { protocolName: 'outages', configData: { key: 'value' } }
  const model = { name: 'any', namespace: 'default' }
  sim.apply({
    apiVersion,
    kind: 'DeviceModel',
    metadata: model,
    spec: { protocol: 'outages', properties: properties.map((name) => ({ name, type: 'INT' })) },
  })
  for (const name of devices) {
    sim.apply({
      apiVersion,
      kind: 'Device',
      metadata: { name, namespace: 'default' },
      spec: {
        deviceModelRef: { name: 'any' },
        protocol: { protocolName: 'outages' },
        properties: properties.map((each) => ({
          name: each,
          collectCycle: 50,
          reportToCloud: true,
          visitors,
        })),
      },
    })
  }
  const stop = new AbortController()
  let view: MapperView | undefined
  const dmi = createDmiEdge({
    mapper: { name: 'outages', version: '0', apiVersion: 'v1', protocol: 'outages' },
    socketPath: path.join(folder, 'mapper.sock'),
    edgecoreSocketPath,
    logger: silentLogger,
  })
  const done = runMapper({
    driver: driver,
    edge: withMqttUplink(dmi, {
      mode: 'auto',
      broker: { url: broker.url, clientId: 'outages' },
      logger: silentLogger,
      resultTimeoutMs: 1_000,
      proveEveryMs: 1_000,
    }),
    logger: silentLogger,
    signal: stop.signal,
    settings: { refreshMs },
    onStart: (live) => (view = live),
  })
  const shown = () =>
    devices.flatMap((name) => properties.map((each) => sim.twin(`default/${name}`, each)?.reported))
  const isRight = (all: readonly (string | undefined)[]) =>
    all.every((one) => one === String(value))
  // The mapper has a refresh to notice, and some seconds to come back over the broker or by DMI.
  const right = () => until(`all twins show ${value}`, shown, isRight, refreshMs + 12_000)
  const rss: number[] = []
  try {
    await right()
    for (let outage = 1; outage <= outages; outage++) {
      const what = random()
      const both = random() < 0.3
      if (what < 0.4 || both) await broker.kill()
      if (what >= 0.4 && what < 0.8) await sim.stopEdgeCore()
      if (what >= 0.8 || both) sim.cloudLink(false)
      value++
      await delay(random() * 200)
      value++
      if (what < 0.4 || both) await broker.restart()
      if (what >= 0.4 && what < 0.8) await sim.startEdgeCore()
      if (what >= 0.8 || both) sim.cloudLink(true)
      if (outage % 5 !== 0) continue
      await right()
      rss.push(process.memoryUsage.rss() / 2 ** 20)
    }
    const [first = 0] = rss
    process.stdout.write(`outages: RSS ${rss.map((one) => one.toFixed(0)).join(' ')} MiB\n`)
    // Garbage comes and goes; a leak of every outage would add up to far more.
    expect(Math.max(...rss.slice(-5)) - first).toBeLessThan(100)
    expect(sim.stats().crashes).toEqual([])
    expect(view?.outbox.twins).toBe(devices.length * properties.length)
  } finally {
    stop.abort()
    await done
    await sim.close()
    await broker.stop()
    await remove()
  }
}, 400_000)
