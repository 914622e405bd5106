// A Modbus TCP device by jsmodbus, in a process of its own so that a test can kill it.
//
//   counting-device.mjs PORT MEMORY    MEMORY: holding registers as JSON, {"0": 17, …}
//
// Prints {"listening": PORT}, then {"address": …, "value": …} for each register written, before the
// answer leaves: what was confirmed is never lost, as in a device with a memory that lasts. Answers
// {"id", "op": "set", "address", "value"} and {"id", "op": "stats"} on stdin. Ends when stdin does.
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import jsmodbus from 'jsmodbus'

const [, , port, memory] = process.argv
const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`)

let accepted = 0
let connections = 0
let requests = 0
const tcp = createServer((socket) => {
  accepted++
  connections++
  socket.on('error', () => undefined)
  socket.on('close', () => connections--)
})
const bank = new jsmodbus.server.TCP(tcp, { holding: Buffer.alloc(200) })
const set = (address, value) => bank.holding.writeUInt16BE(value, 2 * address)
for (const [address, value] of Object.entries(JSON.parse(memory))) set(Number(address), value)

bank.on('preReadHoldingRegisters', () => requests++)
bank.on('preWriteSingleRegister', ({ body }) => say({ address: body.address, value: body.value }))

createInterface(process.stdin)
  .on('line', (line) => {
    const { id, op, address, value } = JSON.parse(line)
    if (op === 'set') set(address, value)
    say({ id, accepted, connections, requests, atMs: performance.now() })
  })
  .on('close', () => process.exit(0))
tcp.listen(Number(port), '127.0.0.1', () => say({ listening: Number(port) }))
