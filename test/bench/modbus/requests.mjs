import { connectTcp } from '@mapper-sdk/modbus'

/** Our link reading 125 holding registers again and again, so many requests at once. */
const [port, depth, warmUpMs, measureMs] = process.argv.slice(2).map(Number)
const { signal } = new AbortController()
const link = await connectTcp(
  { host: '127.0.0.1', port, connectTimeoutMs: 5_000, maxInFlight: depth },
  signal,
)
const options = { timeoutMs: 5_000, signal }

async function run(forMs) {
  const end = performance.now() + forMs
  let requests = 0
  const work = async () => {
    while (performance.now() < end) {
      const answer = await link.read(1, 'holding', 7, 125, options)
      if (!answer.ok || answer.data[249] !== 131) throw new Error('a wrong answer')
      requests++
    }
  }
  await Promise.all(Array.from({ length: depth }, work))
  return requests
}

await run(warmUpMs)
const began = performance.now()
const before = process.cpuUsage()
const requests = await run(measureMs)
const { user, system } = process.cpuUsage(before)
process.send({ requests, cpuUs: user + system, us: (performance.now() - began) * 1_000 })
await link.close()
process.disconnect()
