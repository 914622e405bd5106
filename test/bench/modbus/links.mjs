import { setMaxListeners } from 'node:events'
import { connectTcp } from '@mapper-sdk/modbus'
import { p99Lateness } from './lateness.mjs'

/** Our links alone, one a port: 125 registers of each are read ten times a second. */
const [warmUpMs, measureMs, ...ports] = process.argv.slice(2).map(Number)
const periodMs = 100
const { signal } = new AbortController()
setMaxListeners(0, signal)
const options = { timeoutMs: 5_000, signal }
const ends = []
let measuring = false
for (const [index, port] of ports.entries()) {
  const link = await connectTcp({ host: '127.0.0.1', port, connectTimeoutMs: 5_000 }, signal)
  const own = []
  ends.push(own)
  const read = async () => {
    const answer = await link.read(1, 'holding', 7, 125, options)
    if (!answer.ok || answer.data[249] !== 131) throw new Error('a wrong answer')
    if (measuring) own.push(performance.now())
  }
  // Not setInterval: it drifts by a millisecond a tick.
  const later = (at) => setTimeout(() => tick(at), Math.max(0, at - performance.now()))
  const tick = (at) => {
    void read()
    later(at + periodMs)
  }
  later(performance.now() + (index * periodMs) / ports.length)
}
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
await pause(warmUpMs)
measuring = true
const began = performance.now()
const before = process.cpuUsage()
await pause(measureMs)
const { user, system } = process.cpuUsage(before)
const ms = performance.now() - began
const reads = ends.reduce((sum, own) => sum + own.length, 0)
process.send({
  connections: ends.length,
  cpuPercent: (user + system) / ms / 10,
  p99Ms: p99Lateness(ends, periodMs),
  achieved: reads / ((ports.length * ms) / periodMs),
})
process.exit(0)
