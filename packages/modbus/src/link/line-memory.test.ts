import { MapperError } from '@mapper-sdk/core'
import { createLines, type Line, type Wire } from '@mapper-sdk/core/line'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { asciiFraming } from './ascii-frame.ts'
import type { ModbusLink } from './link.ts'
import { lineLink } from './line-link.ts'
import { rtuFraming } from './rtu-frame.ts'
import { createBank } from '../simulator/bank.ts'
import { lineFrames } from '../simulator/line-frames.ts'
import { reply } from '../simulator/reply.ts'

/*
 * A device that answers late, as in line-link.test.ts, but to several links that share its line and are
 * opened anew now and then: its answers go to whoever is there when they come. Time is virtual.
 */
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

const settings = { kind: 'tcp', host: 'line', port: 1, connectTimeoutMs: 1000 } as const
const bank = createBank()
for (let address = 0; address < 500; address++) {
  for (const unit of [1, 2]) {
    for (const table of ['holding', 'input'] as const) {
      bank.setRegister(table, address, 1000 * unit + address, unit)
    }
  }
}

/** All wires lead to the same units. */
function world(framing: 'rtu' | 'ascii', delayOf: () => readonly [delay: number, cut: number]) {
  const open = new Set<(bytes: Buffer) => void>()
  const say = (bytes: Buffer) => open.forEach((hear) => hear(Buffer.from(bytes)))
  const written: Buffer[] = []
  const openWire = async (): Promise<Wire> => {
    let hear: (bytes: Buffer) => void = () => undefined
    const heard = (bytes: Buffer) => hear(bytes)
    open.add(heard)
    return {
      name: 'line:1',
      characterMs: 1,
      write: async (bytes) => {
        const request = lineFrames[framing].next(Buffer.from(bytes))
        if (request === undefined) throw new Error(`sent ${Buffer.from(bytes).toString('hex')}`)
        written.push(request.body)
        const unit = request.body[0] ?? 0
        const answer = lineFrames[framing].wrap(unit, reply(bank, unit, request.body.subarray(1)))
        const [delay, cut] = delayOf()
        if (delay < 0) return
        setTimeout(() => {
          say(answer.subarray(0, cut))
          say(answer.subarray(cut))
        }, 1 + delay)
      },
      discardInput: async () => undefined,
      listen: (onBytes) => void (hear = onBytes),
      close: async () => void open.delete(heard),
    }
  }
  return { lines: createLines(openWire), written }
}

/** Runs virtual time until the promise settles. */
async function settled<T>(promise: Promise<T>): Promise<T> {
  let done = false
  const finish = () => (done = true)
  promise.then(finish, finish)
  for (let steps = 0; !done && steps < 100_000; steps++) {
    await vi.advanceTimersToNextTimerAsync()
    if (vi.getTimerCount() === 0) await Promise.resolve()
  }
  return promise
}

const options = { timeoutMs: 100, signal: new AbortController().signal }
type Table = 'holding' | 'input'

const anySteps = fc.array(
  fc.record({
    who: fc.nat(1),
    unit: fc.constantFrom(1, 1, 1, 2),
    table: fc.constantFrom<Table>('holding', 'holding', 'input'),
    address: fc.integer({ min: 20, max: 400 }),
    count: fc.constantFrom(1, 1, 2, 10),
    /** How late the device is with this request; −1: never. */
    delay: fc.oneof(fc.constantFrom(0, 0, -1), fc.integer({ min: 0, max: 1500 })),
    /** The answer comes in two parts. */
    cut: fc.nat(6),
    /** The other link asks at the same time. */
    together: fc.boolean(),
    /** The link is opened anew first. */
    anew: fc.constantFrom(false, false, true),
    pauseMs: fc.constantFrom(0, 0, 0, 3, 60, 250),
  }),
  { minLength: 1, maxLength: 20 },
)

describe.each([
  ['rtu', rtuFraming, false],
  ['rtu', rtuFraming, true],
  ['ascii', asciiFraming, false],
  ['ascii', asciiFraming, true],
] as const)('on a line with %s', (name, framing, isConnection) => {
  it(`late answers are never taken for others, by no link (a connection: ${isConnection})`, async () => {
    let right = 0
    await fc.assert(
      fc.asyncProperty(anySteps, async (steps) => {
        let asked = 0
        const { lines } = world(name, () => {
          const { delay, cut } = steps[asked++ % steps.length] ?? { delay: 0, cut: 0 }
          return [delay, cut]
        })
        const links: (ModbusLink | undefined)[] = []
        const linkOf = async (who: number, anew: boolean) => {
          if (anew || links[who]?.failed !== undefined) {
            await links[who]?.close()
            links[who] = undefined
          }
          return (links[who] ??= lineLink(await lines.open(settings, options.signal), {
            framing,
            isConnection,
          }))
        }
        const check = async (who: number, anew: boolean, at: (typeof steps)[number]) => {
          const { unit, table, count } = at
          const address = at.address + 37 * who
          const link = await linkOf(who, anew)
          const outcome = await settled(link.read(unit, table, address, count, options)).then(
            (answer) => (answer.ok ? Buffer.from(answer.data) : answer.exception),
            (thrown: unknown) => (thrown instanceof MapperError ? thrown.code : thrown),
          )
          if (typeof outcome === 'string') {
            return expect(outcome).toMatch(/^(timeout|bad_data|canceled)$/)
          }
          expect(outcome).toEqual(
            Buffer.from(bank.view(table, address, count, unit).slice().buffer).swap16(),
          )
          right++
        }
        for (const step of steps) {
          const { who, anew, together, pauseMs } = step
          const both = [check(who, anew, step)]
          if (together) both.push(check(1 - who, false, step))
          await Promise.all(both)
          await vi.advanceTimersByTimeAsync(pauseMs)
        }
        await Promise.all(links.map(async (link) => link?.close()))
      }),
      { numRuns: 150 },
    )
    // Lying would be easy to avoid by saying nothing.
    expect(right).toBeGreaterThan(150)
  })
})

it('a write that another link made doubtful is asked about first, and is sent once', async () => {
  let asked = 0
  // The first write is confirmed late: while the second one, by another link, waits for its own.
  const { lines, written } = world('rtu', () => (asked++ === 0 ? [250, 0] : [0, 0]))
  const open = (): Promise<Line> => lines.open(settings, options.signal)
  const [one, two] = [lineLink(await open()), lineLink(await open())]
  const write = (link: ModbusLink) =>
    settled(link.writeRegisters(1, 450, Buffer.of(0, 1), options)).then(
      ({ ok }) => (ok ? 'ok' : 'no'),
      (thrown: unknown) => (thrown as MapperError).code,
    )
  // A read first, which tells that there is no echo.
  asked = 1
  await settled(one.read(1, 'holding', 1, 1, options))
  await settled(two.read(1, 'holding', 1, 1, options))
  asked = 0
  const before = written.length
  const both = [write(one), write(two)]
  expect(await Promise.all(both)).toEqual(['timeout', 'ok'])
  const functions = written.slice(before).map((body) => body[1])
  expect(functions.filter((code) => code === 6)).toHaveLength(2)
  expect(functions).toEqual([6, 3, 6])
  await Promise.all([one.close(), two.close()])
})
