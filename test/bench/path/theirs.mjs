import net from 'node:net'
import { Client, credentials } from '@grpc/grpc-js'
import { deviceManagerService } from '@mapper-sdk/core/dmi'
import { create } from '@bufbuild/protobuf'
import { ReportDeviceStatusRequestSchema } from '@mapper-sdk/core/dmi'

/**
 * A minimal client that follows the pattern of KubeEdge's Go framework: for every property one device
 * request (behind a mutex), one new gRPC channel, and one ReportDeviceStatus with one twin. Its loops
 * run side by side, as its goroutines do, and never wait for a cycle.
 */
const [socketPath, port, properties] = [
  process.argv[2],
  Number(process.argv[3]),
  Number(process.argv[4]),
]
const loops = 16

const socket = net.connect({ host: '127.0.0.1', port, noDelay: true })
await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
let lock = Promise.resolve()

const readRegister = (address) => {
  const result = lock.then(
    () =>
      new Promise((resolve) => {
        const request = Buffer.from([0, 1, 0, 0, 0, 6, 1, 3, address >> 8, address & 0xff, 0, 1])
        socket.once('data', (answer) => resolve(answer.readUInt16BE(9)))
        socket.write(request)
      }),
  )
  lock = result
  return result
}

const method = deviceManagerService.ReportDeviceStatus
const report = (name, value) =>
  new Promise((resolve, reject) => {
    const client = new Client(`unix:${socketPath}`, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
    })
    const metadata = { type: 'int', timestamp: String(Date.now()) }
    const request = create(ReportDeviceStatusRequestSchema, {
      deviceName: 'bench',
      deviceNamespace: 'default',
      reportedDevice: {
        twins: [
          {
            propertyName: name,
            observedDesired: { value: '', metadata },
            reported: { value: String(value), metadata },
          },
        ],
      },
    })
    client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      (error) => {
        client.close()
        if (error) reject(error)
        else resolve()
      },
    )
  })

process.on('message', () => process.send({ cpu: process.cpuUsage() }))
process.on('disconnect', () => process.exit(0))

let next = 0
const loop = async () => {
  for (;;) {
    const index = next++ % properties
    await report(`p${index}`, await readRegister(index))
  }
}
process.send({ ready: true })
await Promise.all(Array.from({ length: loops }, loop))
