import { startEdgeSim } from '@mapper-sdk/edge-sim'

/** EdgeCore's stand-in with its limits, and many Modbus devices. */
const [socketPath, devices, properties, cycle, ...ports] = process.argv
  .slice(2)
  .map((arg, index) => (index === 0 ? arg : Number(arg)))
const names = Array.from({ length: properties }, (_, index) => `p${index}`)
const sim = await startEdgeSim({ socketPath })
const apiVersion = 'devices.kubeedge.io/v1beta1'
const namespace = 'default'
sim.apply({
  apiVersion,
  kind: 'DeviceModel',
  metadata: { name: 'meter', namespace },
  spec: {
    protocol: 'modbus',
    properties: names.map((name) => ({ name, type: 'INT', accessMode: 'ReadOnly' })),
  },
})
for (let index = 0; index < devices; index++) {
  sim.apply({
    apiVersion,
    kind: 'Device',
    metadata: { name: `meter-${index}`, namespace },
    spec: {
      deviceModelRef: { name: 'meter' },
      nodeName: 'edge',
      protocol: {
        protocolName: 'modbus',
        configData: {
          ip: '127.0.0.1',
          port: ports[index % ports.length],
          slaveID: 1 + (Math.floor(index / ports.length) % 247),
        },
      },
      properties: names.map((name, offset) => ({
        name,
        collectCycle: cycle,
        reportToCloud: true,
        visitors: {
          protocolName: 'modbus',
          configData: { register: 'HoldingRegister', offset, limit: 1 },
        },
      })),
    },
  })
}
process.on('message', () => process.send({ twins: sim.stats().reportedTwins }))
process.on('disconnect', () => process.exit(0))
process.send({ ready: true })
