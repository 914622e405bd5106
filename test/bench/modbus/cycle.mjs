import { modbusDriver } from '@mapper-sdk/modbus'
import { connectContext } from '@mapper-sdk/core/testing'

/** The driver reading 1000 registers of one unit on a serial line, cycle after cycle. */
const [path, baudRate, cycles] = process.argv.slice(2)
const protocol = {
  ...{ transport: 'rtu', path, baudRate: Number(baudRate), dataBits: 8, stopBits: 1 },
  ...{ parity: 'even', rs485: false, unit: 1, timeoutMs: 1_000, connectTimeoutMs: 1_000 },
  ...{ port: 502, maxRegistersPerRequest: 125, maxBitsPerRequest: 2_000, maxGap: 16 },
  ...{ maxInFlight: 1, writeFunction: 'auto', writeBits: 'auto', identify: false },
}
const visitors = Array.from({ length: 1_000 }, (_, address) => ({
  ...{ table: 'holding', address, type: 'uint16', byteOrder: 'big', wordOrder: 'big' },
}))
const { signal } = new AbortController()
const connection = await modbusDriver.connect(protocol, connectContext({ signal }))
const took = []
for (let cycle = 0; cycle <= Number(cycles); cycle++) {
  const began = performance.now()
  const outcomes = await connection.read(protocol, visitors, signal)
  const good = outcomes.filter(({ ok }) => ok).length
  if (good !== visitors.length) throw new Error(`only ${good} good values`)
  // The first one opens everything.
  if (cycle > 0) took.push(performance.now() - began)
}
await connection.close()
process.send({ took })
process.disconnect()
