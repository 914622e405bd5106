import { startEdgeSim } from '@mapper-sdk/edge-sim'

/**
 * EdgeCore's stand-in with all its limits, and what the cloud shows: every value is the time at which
 * it was read, so its age can be told from the value alone.
 */
const [socketPath, devices, properties, url] = process.argv.slice(2)
const names = Array.from({ length: Number(properties) }, (_, index) => `p${index}`)
const sim = await startEdgeSim({ socketPath, ...(url && { mqtt: { url } }) })
const apiVersion = 'devices.kubeedge.io/v1beta1'
const namespace = 'default'
sim.apply({
  apiVersion,
  kind: 'DeviceModel',
  metadata: { name: 'clock', namespace },
  spec: { protocol: 'clock', properties: names.map((name) => ({ name, type: 'INT' })) },
})
for (let index = 0; index < Number(devices); index++) {
  sim.apply({
    apiVersion,
    kind: 'Device',
    metadata: { name: `clock-${index}`, namespace },
    spec: {
      deviceModelRef: { name: 'clock' },
      protocol: { protocolName: 'clock' },
      properties: names.map((name) => ({
        name,
        collectCycle: 1_000,
        reportToCloud: true,
        visitors: { protocolName: 'clock' },
      })),
    },
  })
}
let oldestMs = 0
setInterval(() => {
  const now = Date.now()
  for (const { twins } of sim.cloud()) {
    for (const { reported } of twins) oldestMs = Math.max(oldestMs, now - Number(reported ?? 0))
  }
}, 500)
process.on('message', (question) => {
  if (question === 'reset') oldestMs = 0
  const { refused, reportedTwins, calls, mqtt } = sim.stats()
  const values = sim.cloud().flatMap(({ twins }) => twins.map(({ reported }) => reported))
  process.send({ refused, calls, twins: reportedTwins + (mqtt?.twins ?? 0), oldestMs, values })
})
process.on('disconnect', () => process.exit(0))
process.send({ ready: true })
