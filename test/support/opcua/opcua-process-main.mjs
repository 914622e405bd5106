// Our OPC UA simulator as a process of its own, steered by JSON lines on stdin: the options and each
// call's arguments travel as structured clones. Ends when stdin does.
import { createInterface } from 'node:readline'
import { deserialize, serialize } from 'node:v8'
import { startOpcuaSimulator } from '../../../packages/opcua/dist/simulator/index.js'

const pack = (value) => serialize(value).toString('base64')
const unpack = (text) => deserialize(Buffer.from(text, 'base64'))
const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`)

const simulator = await startOpcuaSimulator(unpack(process.argv[2]))
say({ ready: simulator.url })

const lines = createInterface(process.stdin)
lines.on('line', async (line) => {
  const { id, call, args } = JSON.parse(line)
  try {
    const member = simulator[call]
    const result = typeof member === 'function' ? await member(...unpack(args)) : member
    say({ id, result: pack(result) })
  } catch (error) {
    say({ id, error: String(error) })
  }
})
const end = async () => {
  lines.close()
  await simulator.close()
  process.exit(0)
}
lines.once('close', end)
process.once('SIGTERM', end)
