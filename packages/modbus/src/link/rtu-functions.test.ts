import { MapperError } from '@mapper-sdk/core'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { fakeLine, framed, settled } from './fake-line.suite.ts'
import type { Answer, ModbusLink } from './link.ts'
import { lineLink } from './line-link.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

const options = { timeoutMs: 100, signal: new AbortController().signal }

/** Every call carries nothing that could tell it from the one before. */
const calls = {
  3: (link: ModbusLink) => link.read(1, 'holding', 9, 1, options),
  6: (link: ModbusLink) => link.writeRegisters(1, 9, Uint8Array.of(0, 1), options),
  17: (link: ModbusLink) => link.reportServerId(1, options),
  22: (link: ModbusLink) => link.maskRegister(1, 9, { and: 0xfffe, or: 1 }, options),
  23: (link: ModbusLink) =>
    link.exchangeRegisters(
      1,
      { readAddress: 9, readCount: 1, writeAddress: 9, data: Uint8Array.of(0, 1) },
      options,
    ),
  43: (link: ModbusLink) => link.readIdentification(1, 1, 0, options),
} as const
type FunctionCode = keyof typeof calls
const functionCodes = [3, 6, 17, 22, 23, 43] as const

/** The right answer to a frame; it carries `order` wherever an answer has room for something. */
function answerTo(frame: Buffer, order: number): Buffer {
  const word = [order >> 8, order & 0xff]
  switch (frame[1]) {
    case 3:
    case 23: {
      const count = frame.readUInt16BE(4)
      const words = Array.from({ length: count }, () => word).flat()
      return framed(1, Uint8Array.of(frame[1], 2 * count, ...words))
    }
    case 17:
      return framed(1, Uint8Array.of(17, 2 + (order % 3), ...word, ...word.slice(0, order % 3)))
    case 43:
      return framed(1, Uint8Array.of(43, 14, 1, 1, 0, 0, 1, 0, 2, ...word))
    default:
      return Buffer.from(frame)
  }
}

/** Which request it answers, if it can be told. */
function orderIn(functionCode: FunctionCode, answer: Answer): number | undefined {
  if (!answer.ok || functionCode === 6 || functionCode === 22) return undefined
  return Buffer.from(answer.data).readUInt16BE(functionCode === 43 ? 6 : 0)
}

const anyCalls = fc.array(
  fc.record({
    functionCode: fc.constantFrom(...functionCodes),
    /** How long the device takes; −1: it never answers. */
    delay: fc.oneof(fc.constantFrom(0, 0, -1), fc.integer({ min: 0, max: 600 })),
    refused: fc.constantFrom(false, false, false, true),
    pauseMs: fc.constantFrom(0, 0, 3, 60, 250),
  }),
  { minLength: 1, maxLength: 20 },
)

describe('late answers of a device that answers in order', () => {
  it('are never taken for others, whatever the function', async () => {
    await fc.assert(
      fc.asyncProperty(anyCalls, async (all) => {
        let current = 0
        let order = 0
        let free = 0
        /** By order: which call asked, whether a write was carried out. */
        const asked: { call: number; functionCode: number; answered: boolean }[] = []
        const { line } = fakeLine((frame, say) => {
          const { delay = 0, refused = false } = all[current] ?? {}
          const record = { call: current, functionCode: frame[1] ?? 0, answered: false }
          const mine = order++
          asked.push(record)
          if (delay < 0) return
          const bytes = refused
            ? framed(1, Uint8Array.of((frame[1] ?? 0) | 0x80, 4))
            : answerTo(frame, mine)
          free = Math.max(free, performance.now() + delay)
          setTimeout(() => {
            record.answered = true
            say(bytes)
          }, free - performance.now())
        })
        const link = lineLink(line)
        for (const [index, { functionCode, refused, pauseMs }] of all.entries()) {
          current = index
          const answer = await settled(calls[functionCode](link)).catch((thrown: unknown) => {
            if (!(thrown instanceof MapperError)) throw thrown
            return thrown.code
          })
          if (typeof answer === 'string') expect(answer).toMatch(/^(timeout|bad_data)$/)
          else {
            expect(answer.ok).toBe(!refused)
            const own = asked.filter(
              (each) => each.call === index && each.functionCode === functionCode,
            )
            const told = orderIn(functionCode, answer)
            if (told === undefined) expect(own.some(({ answered }) => answered)).toBe(true)
            else expect(asked[told]).toMatchObject({ call: index })
            // What changes something was sent once.
            if (functionCode !== 3 && functionCode !== 17 && functionCode !== 43) {
              expect(own).toHaveLength(1)
            }
          }
          await vi.advanceTimersByTimeAsync(pauseMs)
        }
        const writes = asked.filter(({ functionCode }) => [6, 22, 23].includes(functionCode))
        expect(new Set(writes.map(({ call }) => call)).size).toBe(writes.length)
        await link.close()
      }),
      { numRuns: 600 },
    )
  })
})

describe('an answer of a length of its own', () => {
  const asked = async (say: (answer: Buffer, speak: (bytes: Uint8Array) => void) => void) => {
    const { line } = fakeLine((frame, speak) => say(answerTo(frame, 7), speak))
    const link = lineLink(line)
    const outcomes: unknown[] = []
    for (const functionCode of [17, 43] as const) {
      outcomes.push(
        await settled(calls[functionCode](link)).then(
          (answer) => orderIn(functionCode, answer),
          (thrown: unknown) => (thrown as MapperError).code,
        ),
      )
    }
    expect(link.failed).toBeUndefined()
    return outcomes
  }
  it.each<[string, (answer: Buffer, speak: (bytes: Uint8Array) => void) => void, unknown]>([
    ['in one piece', (answer, speak) => speak(answer), 7],
    [
      'byte by byte',
      (answer, speak) =>
        answer.forEach((byte, at) => setTimeout(() => speak(Uint8Array.of(byte)), 10 * at)),
      7,
    ],
    ['behind noise', (answer, speak) => speak(Buffer.concat([Buffer.of(0x55, 0xaa), answer])), 7],
    ['cut short', (answer, speak) => speak(answer.subarray(0, -3)), 'bad_data'],
    ['with a flipped bit', (answer, speak) => speak(answer.map((byte) => byte ^ 1)), 'bad_data'],
    ['twice', (answer, speak) => speak(Buffer.concat([answer, answer])), 'bad_data'],
    [
      'of an absurd length',
      (answer, speak) =>
        speak(framed(1, Uint8Array.of(answer[1] ?? 0, 255, ...new Uint8Array(255)))),
      'bad_data',
    ],
    ['never', () => undefined, 'timeout'],
  ])('%s', async (_, say, outcome) => {
    expect(await asked(say)).toEqual([outcome, outcome])
  })
})

it('every function gets its answer from a device that is never late', async () => {
  let order = 0
  const { line, written } = fakeLine((frame, say) => say(answerTo(frame, order++)))
  const link = lineLink(line)
  // The first of those whose confirmation is their echo costs a read.
  for (const functionCode of [22, ...functionCodes, ...functionCodes] as const) {
    const answer = await settled(calls[functionCode](link))
    expect([functionCode, answer.ok]).toEqual([functionCode, true])
    expect([undefined, order - 1]).toContain(orderIn(functionCode, answer))
  }
  expect(written.length).toBe(2 + 2 * functionCodes.length)
})

it('a mask write on a converter that echoes is not confirmed by its echo', async () => {
  let dead = false
  const { line } = fakeLine((frame, say) => {
    say(frame)
    if (!dead) setTimeout(() => say(answerTo(frame, 1)), 5)
  })
  const link = lineLink(line)
  expect(await settled(calls[22](link))).toMatchObject({ ok: true })
  dead = true
  await expect(settled(calls[22](link))).rejects.toMatchObject({ code: 'timeout' })
})

it('a mask write to all units needs no answer, the newer reads have to name one', async () => {
  const { line, written } = fakeLine(() => undefined)
  const link = lineLink(line)
  const toAll = link.maskRegister(0, 9, { and: 0xfffe, or: 1 }, options)
  expect(await settled(toAll)).toMatchObject({ ok: true })
  const exchange = { readAddress: 0, readCount: 1, writeAddress: 0, data: Uint8Array.of(0, 1) }
  for (const call of [
    link.exchangeRegisters(0, exchange, options),
    link.readIdentification(0, 1, 0, options),
    link.reportServerId(0, options),
  ]) {
    await expect(call).rejects.toMatchObject({ code: 'invalid_config' })
  }
  expect(written).toHaveLength(1)
})
