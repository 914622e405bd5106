import { MapperError } from '@mapper-sdk/core'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { fakeLine, framed, settled } from './fake-line.suite.ts'
import type { ModbusLink, RequestOptions } from './link.ts'
import { lineLink } from './line-link.ts'
import { createBank } from '../simulator/bank.ts'
import { reply } from '../simulator/reply.ts'

/* The same link over real terminals is tested in hostile-rtu.test.ts. */
beforeEach(() => {
  options = { timeoutMs, signal: new AbortController().signal }
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

const timeoutMs = 100
let options: RequestOptions

const bank = createBank()
for (let address = 0; address < 500; address++) {
  for (const unit of [1, 2]) {
    for (const table of ['holding', 'input'] as const) {
      bank.setRegister(table, address, 1000 * unit + address, unit)
    }
  }
}
const answerOf = (frame: Buffer) => {
  const unit = frame[0] ?? 0
  return framed(unit, reply(bank, unit, frame.subarray(1, frame.length - 2)))
}

type Outcome = readonly number[] | string
async function outcomeOf(
  link: ModbusLink,
  unit: number,
  table: 'holding' | 'input',
  address: number,
  count: number,
): Promise<Outcome> {
  try {
    const answer = await settled(link.read(unit, table, address, count, options))
    if (!answer.ok) return `exception ${answer.exception}`
    return Array.from({ length: count }, (_, at) => Buffer.from(answer.data).readUInt16BE(2 * at))
  } catch (thrown) {
    return thrown instanceof MapperError ? thrown.code : `foreign ${String(thrown)}`
  }
}
const expected = (unit: number, address: number, count: number) =>
  Array.from({ length: count }, (_, at) => 1000 * unit + address + at)

const anyReads = fc.array(
  fc.record({
    unit: fc.constantFrom(1, 1, 1, 2),
    table: fc.constantFrom('holding' as const, 'input' as const),
    address: fc.integer({ min: 20, max: 400 }),
    count: fc.constantFrom(1, 1, 2, 10),
    /** How late the device is with this request; −1: never. */
    delay: fc.oneof(fc.constantFrom(0, 0, -1), fc.integer({ min: 0, max: 1500 })),
    /** The answer comes in two parts. */
    cut: fc.nat(6),
    pauseMs: fc.constantFrom(0, 0, 0, 3, 60, 250),
  }),
  { minLength: 1, maxLength: 25 },
)

describe('late answers are never taken for others', () => {
  it('whatever the delays and whatever their order', async () => {
    await fc.assert(
      fc.asyncProperty(anyReads, async (reads) => {
        const delays = reads.flatMap(({ delay, cut }) => [[delay, cut] as const])
        let asked = 0
        const { line } = fakeLine((frame, say) => {
          const [delay, cut] = delays[asked++ % delays.length] ?? [0, 0]
          if (delay < 0) return
          const bytes = answerOf(frame)
          setTimeout(() => {
            say(bytes.subarray(0, cut))
            say(bytes.subarray(cut))
          }, delay)
        })
        const link = lineLink(line)
        for (const { unit, table, address, count, pauseMs } of reads) {
          const outcome = await outcomeOf(link, unit, table, address, count)
          if (typeof outcome !== 'string') expect(outcome).toEqual(expected(unit, address, count))
          else expect(outcome).toMatch(/^(timeout|bad_data)$/)
          await vi.advanceTimersByTimeAsync(pauseMs)
        }
        await link.close()
      }),
      { numRuns: 600 },
    )
  })

  it('nor from a device that refuses any other read, as long as it answers in order', async () => {
    await fc.assert(
      fc.asyncProperty(anyReads, async (reads) => {
        const allowed = new Set(
          reads.map(
            ({ table, address, count }) => `${table === 'holding' ? 3 : 4} ${address} ${count}`,
          ),
        )
        let asked = 0
        let free = 0
        const { line } = fakeLine((frame, say) => {
          const delay = reads[asked++ % reads.length]?.delay ?? 0
          if (delay < 0) return
          const fits = allowed.has(`${frame[1]} ${frame.readUInt16BE(2)} ${frame.readUInt16BE(4)}`)
          const bytes = fits
            ? answerOf(frame)
            : framed(frame[0] ?? 0, Buffer.of((frame[1] ?? 0) | 0x80, 2))
          free = Math.max(free, performance.now() + delay)
          setTimeout(() => say(bytes), free - performance.now())
        })
        const link = lineLink(line)
        for (const { unit, table, address, count, pauseMs } of reads) {
          const outcome = await outcomeOf(link, unit, table, address, count)
          if (typeof outcome !== 'string') expect(outcome).toEqual(expected(unit, address, count))
          else expect(outcome).toMatch(/^(timeout|bad_data)$/)
          await vi.advanceTimersByTimeAsync(pauseMs)
        }
        await link.close()
      }),
      { numRuns: 600 },
    )
  })

  it('and reading is right again as soon as the device is', async () => {
    await fc.assert(
      fc.asyncProperty(anyReads, fc.boolean(), async (reads, refuses) => {
        let asked = 0
        const { line } = fakeLine((frame, say) => {
          const delay = reads[asked++]?.delay ?? 0
          const wide = refuses && frame.readUInt16BE(4) > 10
          const bytes = wide
            ? framed(frame[0] ?? 0, Buffer.of((frame[1] ?? 0) | 0x80, 2))
            : answerOf(frame)
          if (delay >= 0) setTimeout(() => say(bytes), delay)
        })
        const link = lineLink(line)
        for (const { unit, table, address, count } of reads)
          await outcomeOf(link, unit, table, address, count)
        await vi.advanceTimersByTimeAsync(2000)
        asked = reads.length
        for (const { unit, table, address, count } of reads) {
          expect(await outcomeOf(link, unit, table, address, count)).toEqual(
            expected(unit, address, count),
          )
        }
        await link.close()
      }),
      { numRuns: 200 },
    )
  })

  it('the shift of one: slow answers to 200 … 205 are never each other', async () => {
    const { line } = fakeLine((frame, say) => setTimeout(() => say(answerOf(frame)), 150))
    const link = lineLink(line)
    for (let address = 200; address < 206; address++) {
      const outcome = await outcomeOf(link, 1, 'holding', address, 1)
      expect(['timeout', JSON.stringify(expected(1, address, 1))]).toContain(
        typeof outcome === 'string' ? outcome : JSON.stringify(outcome),
      )
    }
  })
})

describe('a write', () => {
  const write = (link: ModbusLink, address: number) =>
    settled(link.writeRegisters(1, address, Buffer.of(0, 1), options)).then(
      ({ ok }) => (ok ? 'ok' : 'no'),
      (thrown: unknown) => (thrown as MapperError).code,
    )
  it('is confirmed only by its own confirmation, and sent once', async () => {
    let hold = true
    const { line, written } = fakeLine((frame, say) => {
      const answer = answerOf(frame)
      if (frame[1] === 6 && hold) setTimeout(() => say(answer), 333)
      else say(answer)
    })
    const link = lineLink(line)
    expect(await write(link, 457)).toBe('timeout')
    hold = false
    expect(await write(link, 457)).toBe('ok')
    expect(written.filter((frame) => frame[1] === 6)).toHaveLength(2)
  })
  it('on a converter that echoes is not confirmed by its echo', async () => {
    let dead = false
    const { line } = fakeLine((frame, say) => {
      say(frame)
      if (!dead) setTimeout(() => say(answerOf(frame)), 5)
    })
    const link = lineLink(line)
    expect(await write(link, 457)).toBe('ok')
    dead = true
    expect(await write(link, 458)).toBe('timeout')
    expect(await outcomeOf(link, 1, 'holding', 9, 1)).toBe('timeout')
    dead = false
    expect(await outcomeOf(link, 1, 'holding', 9, 1)).toEqual([1009])
  })
  it('to all units needs no answer and gives them time', async () => {
    const { line, written } = fakeLine(() => undefined)
    const link = lineLink(line)
    const before = performance.now()
    expect(await settled(link.writeRegisters(0, 457, Buffer.of(0, 1), options))).toMatchObject({
      ok: true,
    })
    expect(performance.now() - before).toBeGreaterThanOrEqual(100)
    expect(written).toHaveLength(1)
  })
})

describe('the line', () => {
  const read = (link: ModbusLink, address = 9) => outcomeOf(link, 1, 'holding', address, 1)
  it.each<[string, (frame: Buffer) => Uint8Array, Outcome]>([
    [
      'noise in front',
      (frame) => Buffer.concat([Buffer.of(0x55, 0xaa, 1, 3), answerOf(frame)]),
      [1009],
    ],
    ['a glitch behind', (frame) => Buffer.concat([answerOf(frame), Buffer.of(0)]), [1009]],
    ['the echo in front', (frame) => Buffer.concat([frame, answerOf(frame)]), [1009]],
    ['two answers', (frame) => Buffer.concat([answerOf(frame), answerOf(frame)]), 'bad_data'],
    [
      'a flipped bit',
      (frame) => answerOf(frame).map((byte, at) => (at === 3 ? byte ^ 4 : byte)),
      'bad_data',
    ],
    ['half an answer', (frame) => answerOf(frame).subarray(0, 5), 'bad_data'],
    ['the echo alone', (frame) => frame, 'timeout'],
    ['another unit', (frame) => framed(9, answerOf(frame).subarray(1, -2)), 'bad_data'],
    ['babble', () => Buffer.alloc(2000, 0x55), 'bad_data'],
    ['nothing', () => Buffer.alloc(0), 'timeout'],
  ])('%s', async (_, spoil, outcome) => {
    let spoiled = true
    const { line } = fakeLine((frame, say) => say(spoiled ? spoil(frame) : answerOf(frame)))
    const link = lineLink(line)
    expect(await read(link)).toEqual(outcome)
    spoiled = false
    expect(await read(link, 10)).toEqual([1010])
    expect(link.failed).toBeUndefined()
  })
  it('is silent for 50 ms before it is used again after an anomaly', async () => {
    const times: number[] = []
    let last = 0
    const { line, say } = fakeLine((frame, answer) => {
      times.push(performance.now())
      if (times.length > 1) return answer(answerOf(frame))
      answer(answerOf(frame).map((byte) => byte ^ 1))
      for (const ms of [40, 80, 120]) {
        setTimeout(() => {
          last = performance.now()
          say(Buffer.of(0x55))
        }, ms)
      }
    })
    const link = lineLink(line)
    const both = Promise.allSettled([
      link.read(1, 'holding', 1, 1, options),
      link.read(1, 'holding', 2, 1, options),
    ])
    await settled(both)
    expect((times[1] ?? 0) - last).toBeGreaterThanOrEqual(50)
  })
  it('that never falls silent fails its calls in bounded time', async () => {
    const { line, say } = fakeLine(() => undefined)
    const link = lineLink(line)
    const babble = () => {
      say(Buffer.of(0x55))
      if (performance.now() < 5000) setTimeout(babble, 10)
    }
    babble()
    expect(await read(link)).toBe('bad_data')
    expect(performance.now()).toBeLessThan(1000)
  })
  it('carries one request at a time, in order', async () => {
    let open = 0
    let most = 0
    const { line } = fakeLine((frame, say) => {
      most = Math.max(most, ++open)
      setTimeout(() => {
        open--
        say(answerOf(frame))
      }, 7)
    })
    const link = lineLink(line)
    const reads = Array.from({ length: 20 }, (_, at) => link.read(1, 'holding', at, 1, options))
    const answers = await settled(Promise.all(reads))
    expect(most).toBe(1)
    expect(answers.map((each) => each.ok && Buffer.from(each.data).readUInt16BE(0))).toEqual(
      Array.from({ length: 20 }, (_, at) => 1000 + at),
    )
  })
  it('that is unplugged, or closed, settles everything at once', async () => {
    for (const [how, code] of [
      ['lose', 'unreachable'],
      ['close', 'canceled'],
    ] as const) {
      const { line, lose } = fakeLine(() => undefined)
      const link = lineLink(line)
      const calls = [1, 2, 3].map((at) => link.read(1, 'holding', at, 1, options))
      await vi.advanceTimersByTimeAsync(20)
      if (how === 'lose') lose()
      else await Promise.all([link.close(), link.close()])
      for (const call of await Promise.allSettled(calls))
        expect(call).toMatchObject({ reason: { code } })
      expect(link.failed?.code).toBe(code)
      await expect(link.read(1, 'holding', 1, 1, options)).rejects.toMatchObject({ code })
      await link.close()
      await vi.advanceTimersByTimeAsync(0)
      expect(vi.getTimerCount()).toBe(0)
    }
  })
  it('lets a signal end a call at any stage, and still owes its answer', async () => {
    for (let ms = 0; ms < 80; ms += 3) {
      const { line } = fakeLine((frame, say) => setTimeout(() => say(answerOf(frame)), 30))
      const link = lineLink(line)
      const stop = new AbortController()
      const call = link.read(1, 'holding', 1, 1, { timeoutMs, signal: stop.signal }).then(
        (answer) => (answer.ok ? Buffer.from(answer.data).readUInt16BE(0) : 'no'),
        (thrown: unknown) => (thrown as MapperError).code,
      )
      await vi.advanceTimersByTimeAsync(ms)
      stop.abort()
      expect(['canceled', 1001]).toContain(await call)
      expect(await read(link, 2)).toEqual([1002])
      await link.close()
    }
  })
})
