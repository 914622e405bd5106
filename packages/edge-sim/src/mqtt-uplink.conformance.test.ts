import {
  createDmiEdge,
  MapperError,
  silentLogger,
  withMqttUplink,
  type Edge,
} from '@mapper-sdk/core'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { beforeEach } from 'vitest'
import { requireMosquitto, startMosquitto } from '../../../test/support/mosquitto.ts'
import { scratchFolder } from '../../../test/support/scratch-folder.ts'
import { edgeSuite, type EdgeRig } from '../../core/src/edge/edge.suite.ts'
import { startEdgeSim } from './edge-sim.ts'
import { behaviourOf, type KubeEdgeVersion } from './version.ts'

const protocolName = 'suite-protocol'

/** A node with a broker that EdgeCore's event bus uses, and a mapper that registers over DMI. */
async function rigOf(version: KubeEdgeVersion, mode: 'auto' | 'mqtt'): Promise<EdgeRig> {
  const { folder, remove } = await scratchFolder()
  const broker = await startMosquitto()
  const edgecoreSocketPath = path.join(folder, 'dmi.sock')
  const mqtt = { url: broker.url }
  const sim = await startEdgeSim({ socketPath: edgecoreSocketPath, version, mqtt })
  const dmi = createDmiEdge({
    mapper: { name: 'suite', version: 'v1', apiVersion: 'v1beta1', protocol: protocolName },
    ...{ socketPath: path.join(folder, 'mapper.sock'), edgecoreSocketPath, logger: silentLogger },
  })
  const uplink = withMqttUplink(dmi, {
    ...{ mode, logger: silentLogger, resultTimeoutMs: 1_000, proveEveryMs: 50 },
    broker: { ...mqtt, clientId: 'mapperSuite' },
  })
  let away = false
  const { states } = behaviourOf(version)
  return {
    edge: mode === 'auto' ? uplink : patient(uplink, () => away),
    protocolName,
    namespace: 'default',
    states: states === 'unimplemented' ? 'unsupported' : states,
    ...(mode === 'mqtt' && { unknownDevices: 'rejected' }),
    apply: (manifest) => sim.apply(manifest),
    remove: (kind, id) => sim.remove(kind, id),
    setDesired: (device, property, value) => sim.setDesired(device, property, value),
    twin: (device, property) => sim.twin(device, property),
    state: (device) => sim.cloud().find(({ id }) => id === device)?.state,
    restart: () => sim.restart(100),
    async stopEdge() {
      away = true
      await sim.stopEdgeCore()
    },
    async startEdge() {
      await sim.startEdgeCore()
      away = false
    },
    async close() {
      await sim.close()
      await broker.stop()
      await remove()
    },
  }
}

/** Twins that wait for the broker are tried again, as the mapper does; and the broker has no limit on calls. */
const patient = (edge: Edge, away: () => boolean): Edge => ({
  limits: { ...edge.limits, burst: Infinity },
  async open(events, signal) {
    const link = await edge.open(events, signal)
    return {
      ...link,
      async reportTwins(report, each) {
        for (;;) {
          try {
            return await link.reportTwins(report, each)
          } catch (thrown) {
            if (away() || MapperError.from(thrown).code !== 'edge_unavailable') throw thrown
            await delay(10)
          }
        }
      },
    }
  },
})

beforeEach((context) => requireMosquitto(context))
for (const version of ['1.17', '1.20', '1.23'] as const) {
  edgeSuite(`DMI and MQTT with KubeEdge ${version}`, () => rigOf(version, 'auto'))
  edgeSuite(`Twins over MQTT alone with KubeEdge ${version}`, () => rigOf(version, 'mqtt'))
}
