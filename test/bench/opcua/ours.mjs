import { runMapper, silentLogger } from '@mapper-sdk/core'
import { createFakeEdge } from '@mapper-sdk/core/testing'
import { opcuaDriver } from '@mapper-sdk/opcua'
import { createGaps } from './gaps.mjs'

/** A whole mapper: driver, core and an EdgeCore with the real one's budget, in memory. */
const [url, namespace, count, cycleMs, way] = process.argv.slice(2)
const perDevice = 1_000
const gaps = createGaps()

/** The driver as it is; what it tells core is counted on the way. */
const counted = {
  ...opcuaDriver,
  async connect(protocol, context) {
    const connection = await opcuaDriver.connect(protocol, context)
    return {
      ...connection,
      read: async (theirs, visitors, signal, everyMs) => {
        const outcomes = await connection.read(theirs, visitors, signal, everyMs)
        for (const outcome of outcomes) if (outcome.ok) gaps.seen++
        return outcomes
      },
      subscribe: (theirs, visitors, watch, signal, everyMs) => {
        const counters = gaps.counters(visitors.length)
        const changed = (index, outcome) => {
          if (outcome.ok) counters.note(index, outcome.value)
          watch.changed(index, outcome)
        }
        const sink = {
          changed,
          readInstead: (indexes) => watch.readInstead(indexes),
          interrupted: (error) => watch.interrupted(error),
        }
        return connection.subscribe(theirs, visitors, sink, signal, everyMs)
      },
    }
  },
}

const edge = createFakeEdge({
  ...{ callsPerSecond: 1, burst: 1, twinsPerSecond: 30, twinsPerCall: 1_000 },
})
const names = Array.from({ length: Number(count) }, (_, i) => `i${i}`)
for (let from = 0; from < names.length; from += perDevice) {
  const own = names.slice(from, from + perDevice)
  edge.apply(
    {
      ...{ namespace: 'plant', name: `d${from}`, model: `m${from}`, protocolName: 'opcua' },
      protocol: { url, subscribe: way === 'subscribed' },
      properties: own.map((name, i) => ({
        ...{ name, desired: '', collectCycle: Number(cycleMs), reportCycle: 1_000 },
        reportToCloud: true,
        visitor: { nodeID: `ns=${namespace};s=Changing.${from + i}`, queueSize: 20 },
      })),
      methods: [],
      stateReport: { toCloud: true, cycleMs: 0 },
    },
    {
      ...{ namespace: 'plant', name: `m${from}` },
      properties: own.map((name) => ({ name, type: 'INT', accessMode: 'ReadOnly' })),
    },
  )
}
const stop = new AbortController()
process.on('message', (question) => process.send(gaps.report(question)))
process.on('disconnect', () => stop.abort())
await runMapper({
  driver: counted,
  edge,
  logger: silentLogger,
  signal: stop.signal,
  onStart: () => process.send({ ready: true }),
})
process.exit(0)
