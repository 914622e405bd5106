import { createSink } from './sink.mjs'
import { samples } from './samples.mjs'

/** CPU of decoding alone, without a line: chunks as a line delivers them, which cut frames anywhere. */
const [way, kind, warmUpMs, measureMs, chunkBytes] = process.argv.slice(2)
const { [way === 'recipe' ? 'byRecipe' : 'byHand']: decoders } = await import(`./by-${way}.mjs`)
const sink = createSink()
const push = decoders[kind](sink)
const stream = Buffer.concat(samples[kind])
const chunks = []
for (let at = 0; at < stream.length; at += Number(chunkBytes)) {
  chunks.push(stream.subarray(at, at + Number(chunkBytes)))
}

function decodeFor(ms) {
  const before = sink.frames
  const cpu = process.cpuUsage()
  for (const end = performance.now() + ms; performance.now() < end;) {
    for (let pass = 0; pass < 8; pass++) for (const chunk of chunks) push(chunk)
  }
  const { user, system } = process.cpuUsage(cpu)
  return { frames: sink.frames - before, cpuUs: user + system }
}

decodeFor(Number(warmUpMs))
process.send({ ...decodeFor(Number(measureMs)), wrong: sink.wrong, last: sink.last })
process.on('disconnect', () => process.exit(0))
