import { runMapper, silentLogger } from '@mapper-sdk/core'
import { createFakeEdge } from '@mapper-sdk/core/testing'
import { modbusDriver } from '@mapper-sdk/modbus'

/**
 * A whole mapper with so many units on one line, each of ten registers at a cycle that the line cannot
 * keep up with, and a write to one of them now and then.
 */
const [path, baudRate, units] = process.argv.slice(2)
const edge = createFakeEdge()
const model = {
  namespace: 'default',
  name: 'meter',
  properties: [
    { name: 'block', type: 'BYTES', accessMode: 'ReadOnly' },
    { name: 'limit', type: 'INT', accessMode: 'ReadWrite' },
  ],
}
const device = (unit, desired) => ({
  namespace: 'default',
  name: `meter-${unit}`,
  model: 'meter',
  protocolName: 'modbus',
  protocol: { path, baudRate: Number(baudRate), parity: 'even', unit, timeoutMs: 500 },
  properties: [
    { name: 'block', visitor: { table: 'holding', address: 0, type: 'bytes', length: 10 } },
    { name: 'limit', visitor: { table: 'holding', address: 20, type: 'uint16' } },
  ].map((property) => ({
    ...property,
    desired: property.name === 'limit' ? desired : '',
    collectCycle: property.name === 'limit' ? 3_600_000 : 500,
    reportCycle: 0,
    reportToCloud: true,
  })),
  methods: [],
  stateReport: { toCloud: false, cycleMs: 0 },
})
for (let unit = 1; unit <= Number(units); unit++) edge.apply(device(unit, ''), model)

const reads = new Map()
const driver = {
  ...modbusDriver,
  async connect(protocol, context) {
    const connection = await modbusDriver.connect(protocol, context)
    return {
      ...connection,
      async read(theirs, visitors, signal) {
        const outcomes = await connection.read(theirs, visitors, signal)
        if (outcomes[0]?.ok) reads.set(theirs.unit, (reads.get(theirs.unit) ?? 0) + 1)
        return outcomes
      },
    }
  },
}
const stop = new AbortController()
void runMapper({ driver, edge, logger: silentLogger, signal: stop.signal })
let wishes = 0
process.on('message', (question) => {
  if (question === 'reset') reads.clear()
  if (question !== 'write') return process.send({ reads: [...reads] })
  const wished = performance.timeOrigin + performance.now()
  edge.apply(device(1 + (wishes % 5), String(1 + wishes++)), model)
  process.send({ wished })
})
process.on('disconnect', () => process.exit(0))
process.send({ ready: true })
