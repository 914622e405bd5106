import { startEdgeSim } from '@mapper-sdk/edge-sim'

/** EdgeCore's stand-in without its limits, with one device of many properties. */
const [socketPath, port, properties] = [
  process.argv[2],
  Number(process.argv[3]),
  Number(process.argv[4]),
]
const names = Array.from({ length: properties }, (_, index) => `p${index}`)
const sim = await startEdgeSim({ socketPath, limiter: 'off', upstream: 'off' })
const metadata = (name) => ({ name, namespace: 'default' })
sim.apply({
  apiVersion: 'devices.kubeedge.io/v1beta1',
  kind: 'DeviceModel',
  metadata: metadata('bench'),
  spec: {
    protocol: 'modbus',
    properties: names.map((name) => ({ name, type: 'INT', accessMode: 'ReadOnly' })),
  },
})
sim.apply({
  apiVersion: 'devices.kubeedge.io/v1beta1',
  kind: 'Device',
  metadata: metadata('bench'),
  spec: {
    deviceModelRef: { name: 'bench' },
    nodeName: 'edge',
    protocol: { protocolName: 'modbus', configData: { ip: '127.0.0.1', port, slaveID: 1 } },
    properties: names.map((name, offset) => ({
      name,
      collectCycle: 10,
      reportToCloud: true,
      visitors: {
        protocolName: 'modbus',
        configData: { register: 'HoldingRegister', offset, limit: 1 },
      },
    })),
  },
})
process.on('message', () => process.send({ twins: sim.stats().reportedTwins }))
process.on('disconnect', () => process.exit(0))
process.send({ ready: true })
