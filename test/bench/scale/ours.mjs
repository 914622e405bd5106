import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createDmiEdge, runMapper, silentLogger } from '@mapper-sdk/core'
import { modbusDriver } from '@mapper-sdk/modbus'

/** The mapper as it runs in production. */
const [edgecoreSocketPath, socketPath] = process.argv.slice(2)
const stop = new AbortController()
const delay = monitorEventLoopDelay({ resolution: 5 })
let view
process.on('message', (question) => {
  if (question === 'reset') delay.reset()
  const devices = view.devices()
  const states = devices.filter(({ state }) => state === 'ok').length
  let fresh = 0
  const now = Date.now()
  for (const { readings } of devices)
    for (const { at } of readings.values()) if (now - at < 15_000) fresh++
  process.send({
    cpu: process.cpuUsage(),
    rssMib: process.memoryUsage.rss() / 2 ** 20,
    // The monitor counts its own resolution as delay.
    p99Ms: Math.max(0, delay.percentile(99) / 1e6 - 5),
    devices: devices.length,
    states,
    fresh,
  })
})
process.on('disconnect', () => stop.abort())
await runMapper({
  driver: modbusDriver,
  edge: createDmiEdge({
    mapper: { name: 'bench', version: '0', apiVersion: 'v1.0.0', protocol: 'modbus' },
    socketPath,
    edgecoreSocketPath,
    logger: silentLogger,
    callTimeoutMs: 60_000,
  }),
  logger: silentLogger,
  signal: stop.signal,
  onStart(live) {
    view = live
    delay.enable()
    process.send({ ready: true })
  },
})
process.exit(0)
