import { openSerialWire } from '@mapper-sdk/core/line'
import { SerialPort } from 'serialport'
import { byHand } from './by-hand.mjs'
import { byRecipe } from './by-recipe.mjs'
import { createSink } from './sink.mjs'

/** Reads a line: a bare serial port and a parser by hand, or a wire of the SDK and a recipe. */
const [way, kind, path] = process.argv.slice(2)
const settings = { path, baudRate: 115_200, dataBits: 8, stopBits: 1, parity: 'none' }
const sink = createSink()

if (way === 'hand') {
  const push = byHand[kind](sink)
  const port = new SerialPort(settings)
  port.on('data', push)
  await new Promise((resolve) => port.once('open', resolve))
} else {
  const push = byRecipe[kind](sink)
  const wire = await openSerialWire({ kind: 'serial', ...settings }, new AbortController().signal)
  wire.listen(push, () => process.exit(1))
}
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send({
    ...{ frames: sink.frames, wrong: sink.wrong },
    ...{ cpuUs: user + system, at: performance.now() },
  })
})
process.on('disconnect', () => process.exit(0))
process.send({ ready: true })
