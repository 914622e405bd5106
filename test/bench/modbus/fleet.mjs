import { runMapper, silentLogger } from '@mapper-sdk/core'
import { createFakeEdge } from '@mapper-sdk/core/testing'
import { modbusDriver } from '@mapper-sdk/modbus'
import { p99Lateness } from './lateness.mjs'

/**
 * A whole mapper whose devices, one a port, are all read ten times a second, 125 registers each.
 */
const [warmUpMs, measureMs, ...ports] = process.argv.slice(2).map(Number)
const periodMs = 100
const edge = createFakeEdge()
const model = {
  namespace: 'default',
  name: 'meter',
  properties: ['r7', 'r131'].map((name) => ({ name, type: 'INT', accessMode: 'ReadOnly' })),
}
/** By port: the ends of its reads, as offsets into the period. */
const ends = new Map()
let measuring = false

for (const port of ports) {
  edge.apply(
    {
      namespace: 'default',
      name: `meter-${port}`,
      model: 'meter',
      protocolName: 'modbus',
      protocol: { host: '127.0.0.1', port, timeoutMs: 5_000, maxGap: 124 },
      // The two ends of a range that is read in one request.
      properties: [7, 131].map((address) => ({
        name: `r${address}`,
        desired: '',
        visitor: { table: 'holding', address, type: 'uint16' },
        collectCycle: periodMs,
        reportCycle: 0,
        reportToCloud: false,
      })),
      methods: [],
      stateReport: { toCloud: false, cycleMs: 0 },
    },
    model,
  )
}

const driver = {
  ...modbusDriver,
  async connect(protocol, context) {
    const connection = await modbusDriver.connect(protocol, context)
    const own = []
    ends.set(protocol.port, own)
    return {
      ...connection,
      async read(theirs, visitors, signal) {
        const outcomes = await connection.read(theirs, visitors, signal)
        if (measuring) own.push(performance.now())
        if (!outcomes[0]?.ok) throw outcomes[0]?.error ?? new Error('no outcome')
        return outcomes
      },
    }
  },
}

const stop = new AbortController()
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const done = runMapper({ driver, edge, logger: silentLogger, signal: stop.signal })
await pause(warmUpMs)
measuring = true
const began = performance.now()
const before = process.cpuUsage()
await pause(measureMs)
const { user, system } = process.cpuUsage(before)
const ms = performance.now() - began
measuring = false
const reads = [...ends.values()].reduce((sum, own) => sum + own.length, 0)
process.send({
  connections: ends.size,
  cpuPercent: (user + system) / ms / 10,
  p99Ms: p99Lateness(ends.values(), periodMs),
  achieved: reads / ((ports.length * ms) / periodMs),
})
stop.abort()
await done
process.exit(0)
