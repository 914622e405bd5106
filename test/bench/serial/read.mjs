import { createLines, openSerialWire } from '@mapper-sdk/core/line'
import { connectContext } from '@mapper-sdk/core/testing'
import { createSerialDriver } from '@mapper-sdk/serial'
import { SerialPort } from 'serialport'
import { byHand } from './by-hand.mjs'
import { byDriver } from './by-driver.mjs'
import { samples } from './samples.mjs'
import { createSink } from './sink.mjs'

/**
 * Reads a line: a bare serial port and a parser by hand, or the driver, as core would watch with it; then
 * `everyMs` is the collectCycle, and 0 has every frame told, which core never asks for.
 */
const [way, kind, path, everyMs] = process.argv.slice(2)
const settings = { path, baudRate: 115_200, dataBits: 8, stopBits: 1, parity: 'none' }
const sink = createSink()
const frameBytes = Buffer.concat(samples[kind]).length / samples[kind].length
let bytes = 0

if (way === 'hand') {
  const push = byHand[kind](sink)
  const port = new SerialPort(settings)
  port.on('data', (chunk) => {
    bytes += chunk.length
    push(chunk)
  })
  await new Promise((resolve) => port.once('open', resolve))
} else {
  const { recipe, streams } = byDriver[kind]
  const driver = createSerialDriver()
  const protocol = {
    ...{ ...settings, transport: 'serial', connectTimeoutMs: 5_000, echo: false },
    recipeText: recipe,
  }
  const lines = createLines(async (wanted, signal) => {
    const wire = await openSerialWire(wanted, signal)
    const listen = (onBytes, onLost) =>
      wire.listen((chunk) => {
        bytes += chunk.length
        onBytes(chunk)
      }, onLost)
    return { ...wire, listen }
  })
  const connection = await driver.connect(protocol, connectContext({ lines }))
  const values = streams.flat()
  const watch = {
    changed(index, outcome) {
      if (outcome.ok) sink.values({ [values[index]]: outcome.value })
      else sink.bad()
    },
    readInstead: () => process.exit(1),
    interrupted: () => undefined,
  }
  const visitors = values.map((value) => ({ value }))
  const { signal } = new AbortController()
  void connection.subscribe(protocol, visitors, watch, signal, Number(everyMs))
}
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send({
    ...{ frames: bytes / frameBytes, told: sink.frames, wrong: sink.wrong },
    ...{ cpuUs: user + system, at: performance.now() },
  })
})
process.on('disconnect', () => process.exit(0))
process.send({ ready: true })
