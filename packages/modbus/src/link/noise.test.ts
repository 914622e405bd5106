import { MapperError } from '@mapper-sdk/core'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createBank } from '../simulator/bank.ts'
import { reply } from '../simulator/reply.ts'
import { fakeLine, framed, settled } from './fake-line.suite.ts'
import type { ModbusLink } from './link.ts'
import { lineLink } from './line-link.ts'

/* Noise on real terminals is tested in test/e2e/broken-lines.test.ts. */
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => void vi.useRealTimers())

const bank = createBank()
bank.setRegister(
  'holding',
  0,
  Array.from({ length: 500 }, (_, address) => 1000 + address),
)
const answerOf = (frame: Buffer) => framed(1, reply(bank, 1, frame.subarray(1, frame.length - 2)))

/** Any bytes, many of them those that answers of the unit begin with. */
const anyNoise = fc.array(fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 3, 2, 4, 0x83, 0xff)), {
  minLength: 1,
  maxLength: 300,
})
const anyBurst = fc.record({
  afterMs: fc.nat(160),
  bytes: anyNoise,
  /** Instead: the first bytes of the answer to the request that is on its way. */
  partial: fc.option(fc.nat(6), { nil: undefined, freq: 2 }),
})
const anyRead = fc.record({
  address: fc.nat(400),
  count: fc.constantFrom(1, 2, 10),
  answered: fc.boolean(),
  bursts: fc.array(anyBurst, { maxLength: 4 }),
  /** Where the answer is cut, and for how long it stops there. */
  cut: fc.nat(8),
  pauseMs: fc.constantFrom(0, 0, 5, 40),
})

async function read(link: ModbusLink, address: number, count: number) {
  const options = { timeoutMs: 100, signal: new AbortController().signal }
  try {
    const answer = await settled(link.read(1, 'holding', address, count, options))
    if (!answer.ok) return `exception ${answer.exception}`
    return Array.from({ length: count }, (_, at) => Buffer.from(answer.data).readUInt16BE(2 * at))
  } catch (thrown) {
    return thrown instanceof MapperError ? thrown.code : `foreign ${String(thrown)}`
  }
}
const right = (address: number, count: number) =>
  Array.from({ length: count }, (_, at) => 1000 + address + at)

it('noise at any time and in any pieces is never a value, and leaves nothing behind', async () => {
  let good = 0
  await fc.assert(
    fc.asyncProperty(fc.array(anyRead, { minLength: 1, maxLength: 10 }), async (reads) => {
      let current: (typeof reads)[number] | undefined
      const { line } = fakeLine((frame, say) => {
        const answer = answerOf(frame)
        if (current === undefined) return say(answer)
        const { answered, bursts, cut, pauseMs } = current
        for (const { afterMs, bytes, partial } of bursts) {
          const noise = partial === undefined ? Uint8Array.from(bytes) : answer.subarray(0, partial)
          setTimeout(() => say(noise), afterMs)
        }
        if (!answered) return
        setTimeout(() => say(answer.subarray(0, cut)), 20)
        setTimeout(() => say(answer.subarray(cut)), 20 + pauseMs)
      })
      const link = lineLink(line)
      for (current of reads) {
        const { address, count } = current
        const outcome = await read(link, address, count)
        if (typeof outcome === 'string') expect(outcome).toMatch(/^(timeout|bad_data)$/)
        else expect(outcome).toEqual(right(address, count))
        if (typeof outcome !== 'string') good++
      }
      current = undefined
      await vi.advanceTimersByTimeAsync(500)
      expect(await read(link, 7, 2)).toEqual(right(7, 2))
      expect(link.failed).toBeUndefined()
      await link.close()
    }),
    // One in 65536 random frames has a right checksum, which nobody can tell from an answer.
    { numRuns: 300, seed: 46 },
  )
  expect(good).toBeGreaterThan(100)
})

it('an endless stream is neither kept nor waited out', async () => {
  const { line, say } = fakeLine((frame, answer) => answer(answerOf(frame)))
  const link = lineLink(line)
  const piece = Buffer.alloc(4096, 0x01)
  for (let sent = 0; sent < 1_000_000; sent += piece.length) say(piece)
  await vi.advanceTimersByTimeAsync(60)
  expect(await read(link, 3, 1)).toEqual(right(3, 1))
  const begun = performance.now()
  const outcome = read(link, 4, 1)
  for (let ms = 0; ms < 400; ms += 4) {
    say(piece)
    await vi.advanceTimersByTimeAsync(4)
  }
  expect(await outcome).toBe('bad_data')
  expect(performance.now() - begun).toBeLessThan(1000)
  await vi.advanceTimersByTimeAsync(100)
  expect(await read(link, 5, 1)).toEqual(right(5, 1))
})

it('an answer counts though it is here before the request is known to be written', async () => {
  for (const answeredMs of [5, 12, 60]) {
    const { line } = fakeLine(
      (frame, say) => setTimeout(() => say(answerOf(frame)), answeredMs - 1),
      40,
    )
    const link = lineLink(line)
    expect(await read(link, 3, 1)).toEqual(right(3, 1))
    await link.close()
  }
})
