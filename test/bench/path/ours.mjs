import { createDmiEdge, runMapper, silentLogger } from '@mapper-sdk/core'
import { modbusDriver } from '@mapper-sdk/modbus'

/** The mapper as it runs in production, but with a budget that knows no limit. */
const [edgecoreSocketPath, socketPath] = process.argv.slice(2)
const unlimited = {
  callsPerSecond: Infinity,
  burst: Infinity,
  twinsPerSecond: Infinity,
  twinsPerCall: 1_000,
}
const stop = new AbortController()
process.on('message', () => process.send({ cpu: process.cpuUsage() }))
process.on('disconnect', () => stop.abort())
process.send({ ready: true })
await runMapper({
  driver: modbusDriver,
  edge: createDmiEdge({
    mapper: { name: 'bench', version: '0', apiVersion: 'v1.0.0', protocol: 'modbus' },
    socketPath,
    edgecoreSocketPath,
    logger: silentLogger,
    limits: unlimited,
  }),
  logger: silentLogger,
  signal: stop.signal,
  settings: { budget: unlimited },
})
process.exit(0)
