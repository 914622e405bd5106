import { createLegacyMqttEdge, silentLogger, splitId } from '@mapper-sdk/core'
import { connectAsync } from 'mqtt'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { beforeEach } from 'vitest'
import { edgeSuite, type EdgeRig } from '../../core/src/edge/edge.suite.ts'
import { requireMosquitto, startMosquitto } from '../../../test/support/mosquitto.ts'
import { scratchFolder } from '../../../test/support/scratch-folder.ts'
import { startEdgeSim } from './edge-sim.ts'

const protocolName = 'suite-protocol'

/** A node of KubeEdge up to 1.14. Its broker ends and starts with EdgeCore, which is what a link sees. */
async function rigOf(): Promise<EdgeRig> {
  const { folder, remove } = await scratchFolder()
  const broker = await startMosquitto()
  const profileFile = path.join(folder, 'deviceProfile.json')
  const sim = await startEdgeSim({
    ...{ socketPath: path.join(folder, 'dmi.sock'), legacy: true, profileFile },
    mqtt: { url: broker.url },
  })
  await sim.idle()
  // CRs of that time have no state: EdgeCore's own word on it is all there is.
  const states = new Map<string, string>()
  const listener = await connectAsync(broker.url, { reconnectPeriod: 0 })
  await listener.subscribeAsync('$hw/events/device/+/state/update/result')
  listener.on('message', (_topic, payload) => {
    const { device } = JSON.parse(payload.toString()) as { device: { name: string; state: string } }
    states.set(device.name, device.state)
  })
  const edge = createLegacyMqttEdge({
    ...{ profileFile, protocolName, logger: silentLogger, splitId },
    broker: { url: broker.url },
  })
  const stopEdge = async () => {
    await sim.stopEdgeCore()
    await broker.kill()
  }
  const startEdge = async () => {
    await broker.restart()
    await sim.startEdgeCore()
  }
  return {
    // The broker takes as many calls as there are.
    edge: { ...edge, limits: { ...edge.limits, burst: Infinity } },
    protocolName,
    namespace: 'default',
    states: 'at-once',
    unhealthy: 'unknown',
    observesDesired: false,
    async apply(manifest) {
      sim.apply(manifest)
      await sim.idle()
      // A model alone changes nothing there until a device of it does.
      if (manifest.kind === 'DeviceModel') await writeFile(profileFile, sim.deviceProfile())
    },
    remove: (kind, id) => sim.remove(kind, id),
    setDesired: (device, property, value) => sim.setDesired(device, property, value),
    twin: (device, property) => sim.twin(device, property),
    state: (device) => states.get(splitId(device).name),
    async restart() {
      await stopEdge()
      await startEdge()
    },
    stopEdge,
    startEdge,
    async close() {
      await listener.endAsync(true)
      await sim.close()
      await broker.stop()
      await remove()
    },
  }
}

beforeEach((context) => requireMosquitto(context))
edgeSuite('Legacy MQTT with KubeEdge up to 1.14', rigOf)
