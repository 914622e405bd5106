import {
  createDmiEdge,
  runMapper,
  silentLogger,
  withMqttUplink,
  type Driver,
} from '@mapper-sdk/core'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { requireMosquitto, startMosquitto } from '../../../test/support/mosquitto.ts'
import { until } from '../../../test/support/until.ts'
import { startSim, tempFolder } from './raw-mapper.suite.ts'

const protocolName = 'suite-protocol'
const properties = ['a', 'b', 'c', 'd', 'e']
const devices = Array.from({ length: 30 }, (_, index) => `oven-${index}`)

/** All properties of all devices have the value of the test. */
function createDriver() {
  const field = { value: 0 }
  const driver: Driver = {
    protocolName,
    protocolSchema: { type: 'object' },
    visitorSchema: { type: 'object' },
    connectionKey: () => 'one',
    connect: async () => ({
      read: async (_, visitors) => visitors.map(() => ({ ok: true, value: field.value })),
      write: async (_, writes) => writes.map(() => ({ ok: true, value: undefined })),
      close: async () => undefined,
    }),
  }
  return { driver, field }
}

test('a mapper goes over to MQTT, and back to DMI when the broker dies', async (context) => {
  requireMosquitto(context)
  const broker = await startMosquitto()
  onTestFinished(() => broker.stop())
  const { sim, socketPath } = await startSim({ mqtt: { url: broker.url } })
  const metadata = { namespace: 'plant' }
  const apiVersion = 'devices.kubeedge.io/v1beta1'
  sim.apply({
    ...{ apiVersion, kind: 'DeviceModel', metadata: { ...metadata, name: 'm' } },
    spec: {
      protocol: protocolName,
      properties: properties.map((name) => ({ name, type: 'INT', accessMode: 'ReadOnly' })),
    },
  })
  for (const name of devices) {
    sim.apply({
      ...{ apiVersion, kind: 'Device', metadata: { ...metadata, name } },
      spec: {
        deviceModelRef: { name: 'm' },
        nodeName: 'edge1',
        protocol: { protocolName, configData: {} },
        properties: properties.map((property) => ({
          ...{ name: property, collectCycle: 100, reportCycle: 100, reportToCloud: true },
          visitors: { protocolName, configData: {} },
        })),
      },
    })
  }
  await sim.idle()

  const { driver, field } = createDriver()
  const stop = new AbortController()
  const dmi = createDmiEdge({
    mapper: { name: 'suite', version: 'v1', apiVersion: 'v1beta1', protocol: protocolName },
    socketPath: path.join(await tempFolder(), 'mapper.sock'),
    ...{ edgecoreSocketPath: socketPath, logger: silentLogger },
  })
  const ran = runMapper({
    ...{ driver, logger: silentLogger, signal: stop.signal },
    edge: withMqttUplink(dmi, {
      ...{ mode: 'auto', logger: silentLogger, resultTimeoutMs: 1_000, proveEveryMs: 200 },
      broker: { url: broker.url, clientId: 'suite' },
    }),
  })
  onTestFinished(async () => {
    stop.abort()
    await ran
  })

  const stale = () =>
    devices.flatMap((device) =>
      properties.filter((name) => sim.twin(`plant/${device}`, name)?.reported !== `${field.value}`),
    ).length
  const allShow = () => until('all twins in the cloud', stale, (count) => count === 0, 20_000)
  const calls = () =>
    Object.values(sim.stats().calls).reduce<number>((sum, count) => sum + (count ?? 0), 0)

  field.value = 1
  await allShow()
  await until(
    'MQTT',
    () => sim.stats().mqtt.twins,
    (count) => count > 0,
  )
  // Four rounds of 30 devices are more than DMI takes in this time.
  const before = calls()
  for (field.value = 2; field.value < 6; field.value++) await allShow()
  expect(calls() - before).toBeLessThan(30)

  await broker.stop()
  field.value = 7
  await until('some twins over DMI', stale, (count) => count < devices.length * properties.length)
  expect(sim.stats().crashes).toEqual([])
  expect(sim.stats().mqtt.refused).toEqual({})
})
