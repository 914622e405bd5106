import { readFileSync } from 'node:fs'
import { createDmiEdge, runMapper, silentLogger, withMqttUplink } from '@mapper-sdk/core'

/** A mapper whose device is the clock: every reading is the time, until it is told to stand still. */
const [edgecoreSocketPath, socketPath, url] = process.argv.slice(2)
const stop = new AbortController()
let frozen
/** What this process has written so far, almost all of it to EdgeCore; 0 where /proc is missing. */
const written = () => {
  try {
    return Number(/wchar: (\d+)/.exec(readFileSync('/proc/self/io', 'utf8'))?.[1] ?? 0)
  } catch {
    return 0
  }
}
process.on('message', (question) => {
  if (question === 'freeze') frozen = Date.now()
  process.send({ cpu: process.cpuUsage(), bytes: written(), frozen })
})
process.on('disconnect', () => stop.abort())
const dmi = createDmiEdge({
  mapper: { name: 'clock', version: '0', apiVersion: 'v1.0.0', protocol: 'clock' },
  socketPath,
  edgecoreSocketPath,
  logger: silentLogger,
})
const broker = url && { url, clientId: 'clock' }
process.send({ ready: true })
await runMapper({
  driver: {
    protocolName: 'clock',
    protocolSchema: { type: 'object' },
    visitorSchema: { type: 'object' },
    connectionKey: () => 'clock',
    connect: async () => ({
      parallel: 100,
      read: async (_protocol, visitors) => {
        const value = frozen ?? Date.now()
        return visitors.map(() => ({ ok: true, value }))
      },
      write: async () => [],
      close: async () => undefined,
    }),
  },
  edge: broker ? withMqttUplink(dmi, { mode: 'auto', broker, logger: silentLogger }) : dmi,
  logger: silentLogger,
  signal: stop.signal,
  // A report that is lost is repaired within this time, so that the benchmark can wait for it.
  settings: { refreshMs: 60_000 },
})
process.exit(0)
