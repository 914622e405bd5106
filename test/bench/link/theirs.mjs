import { create } from '@bufbuild/protobuf'
import { Client, credentials } from '@grpc/grpc-js'
import { deviceManagerService, ReportDeviceStatusRequestSchema } from '@mapper-sdk/core/dmi'

/** The Go framework's pattern: each second one call for each property, each over a channel of its own. */
const [socketPath, devices, properties] = process.argv.slice(2)
const method = deviceManagerService.ReportDeviceStatus
let attempted = 0
let delivered = 0
const report = (device, property) => {
  attempted++
  const client = new Client(`unix:${socketPath}`, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
  })
  const value = String(Date.now())
  const request = create(ReportDeviceStatusRequestSchema, {
    deviceName: `clock-${device}`,
    deviceNamespace: 'default',
    reportedDevice: {
      twins: [
        { propertyName: `p${property}`, observedDesired: { value: '' }, reported: { value } },
      ],
    },
  })
  const { path, requestSerialize, responseDeserialize } = method
  client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error) => {
    if (!error) delivered++
    client.close()
  })
}
let next = 0
// Spread over the second, as its tickers are; 1000 channels at once would only measure this machine.
setInterval(
  () => {
    for (let i = 0; i < 10; i++, next++)
      report(next % devices, Math.floor(next / devices) % properties)
  },
  10_000 / (devices * properties),
)
process.on('message', () => process.send({ attempted, delivered }))
process.on('disconnect', () => process.exit(0))
process.send({ ready: true })
