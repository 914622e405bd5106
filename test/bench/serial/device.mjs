import { openSerialWire } from '@mapper-sdk/core/line'
import { samples } from './samples.mjs'

/** Sends frames on its own: so many at once, each so many ms; 0: as fast as the line takes them. */
const [kind, path, together, everyMs] = process.argv.slice(2)
const frames = samples[kind]
const wire = await openSerialWire(
  { kind: 'serial', path, baudRate: 115_200, dataBits: 8, stopBits: 1, parity: 'none' },
  new AbortController().signal,
)
wire.listen(
  () => undefined,
  () => process.exit(0),
)
process.on('disconnect', () => process.exit(0))
process.send({ ready: true })
for (let next = 0; ; next += Number(together)) {
  const part = Array.from(
    { length: Number(together) },
    (_, i) => frames[(next + i) % frames.length],
  )
  await wire.write(Buffer.concat(part))
  if (Number(everyMs) > 0) await new Promise((resolve) => setTimeout(resolve, Number(everyMs)))
}
