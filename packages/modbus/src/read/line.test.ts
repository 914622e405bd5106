import { describe, expect, it } from 'vitest'
import { protocolOf, registers } from '../driver.suite.ts'
import type { ModbusProtocol } from '../config/protocol.ts'
import { lineLoad, lineOf, transactionMs, type Line } from './line.ts'
import { watchLoad } from './load-watch.ts'
import type { TableRange } from './plan.ts'
import { createReadPlan } from './read-plan.ts'
import { nothingKnown } from './knowledge.ts'

const serial = (more: Partial<ModbusProtocol> = {}) =>
  protocolOf(502, { transport: 'rtu', path: '/dev/ttyS0', parity: 'even', ...more })
const line = (baudRate: number): Line => {
  const known = lineOf(serial({ baudRate }))
  if (known === undefined) throw new Error('no line')
  return known
}
const range = (count: number, table: TableRange['table'] = 'holding'): TableRange => ({
  table,
  address: 0,
  count,
})

describe('a serial line', () => {
  it.each([
    [9600, 1, 0, 25.2],
    [9600, 1, 20, 45],
    [9600, 125, 0, 309.4],
    [19_200, 1, 5, 17.6],
    [115_200, 1, 0, 4.9],
    [115_200, 1, 20, 24.9],
  ])(
    'at %i bit/s takes its time for %i registers, the device %i ms: %f',
    (baud, count, device, ms) => {
      expect(Math.abs(transactionMs(line(baud), range(count), device) - ms)).toBeLessThan(0.35)
    },
  )

  it('counts eight bits as a character', () => {
    const { byteMs } = line(9600)
    const [one, nine] = [range(1, 'coil'), range(9, 'coil')].map((bits) =>
      transactionMs(line(9600), bits, 0),
    )
    expect((nine ?? 0) - (one ?? 0)).toBeCloseTo(byteMs)
  })

  it('takes two characters for a byte with ASCII', () => {
    const ascii = lineOf(protocolOf(502, { transport: 'ascii', path: '/dev/ttyS0', dataBits: 7 }))
    if (ascii === undefined) throw new Error('no line')
    const characterMs = (9 * 1000) / 9600
    // A request of 17 characters, an answer of 11 and four for a register.
    expect(transactionMs(ascii, range(10), 0)).toBeCloseTo((17 + 11 + 40) * characterMs)
  })

  it('is what a device on a network does not have', () => {
    for (const transport of ['tcp', 'udp', 'rtu-over-tcp', 'ascii-over-tcp'] as const) {
      expect(lineOf(protocolOf(502, { transport }))).toBeUndefined()
    }
  })

  it('is loaded by what its devices need together', () => {
    const cycle = (everyMs: number, ...counts: number[]) => ({
      everyMs,
      deviceMs: 5,
      requests: counts.map((count) => range(count)),
    })
    // 40 single registers a second are all that 9600 bit/s carry, with a device that answers at once.
    const full = lineLoad(line(9600), [
      { ...cycle(1000, ...Array<number>(40).fill(1)), deviceMs: 0 },
    ])
    expect(full.share).toBeCloseTo(1, 1)
    expect(full.requestsPerSecond).toBe(40)
    const one = lineLoad(line(9600), [cycle(1000, 10)]).share
    const half = lineLoad(line(9600), [cycle(2000, 10)]).share
    expect(lineLoad(line(9600), [cycle(1000, 10), cycle(2000, 10)]).share).toBeCloseTo(one + half)
    expect(half).toBeCloseTo(one / 2)
  })
})

describe('the watch over a line', () => {
  const rig = (opened = serial()) => {
    const told: number[] = []
    let kept: boolean | undefined
    const memory = { get: () => kept, set: (value: boolean) => void (kept = value) }
    const watch = watchLoad(opened, memory, ({ share }) => told.push(Math.round(100 * share)))
    const plans = new Map<ModbusProtocol, ReturnType<typeof createReadPlan>>()
    /** As core does it: each device once a period, from the start on. */
    const run = (from: number, to: number, ...devices: [ModbusProtocol, number, number][]) => {
      for (let now = from; now < to; now += 100) {
        for (const [protocol, everyMs, count] of devices) {
          if (now % everyMs !== 0) continue
          const known = plans.get(protocol)
          const places = Array.from({ length: count }, (_, index) => 20 * index)
          const plan = known ?? createReadPlan(registers(...places), protocol, nothingKnown.shape)
          plans.set(protocol, plan)
          watch.cycle(plan, everyMs, now)
        }
      }
    }
    return { run, told, watch }
  }
  const [one, two] = [serial({ unit: 1, maxGap: 0 }), serial({ unit: 2, maxGap: 0 })]

  it('tells once when the line is needed for more than 80 % of its time', () => {
    const { run, told } = rig()
    run(0, 60_000, [one, 1000, 20], [two, 1000, 20])
    expect(told).toEqual([121])
  })

  it('is silent where there is time enough, and on TCP', () => {
    const { run, told } = rig()
    run(0, 60_000, [one, 1000, 10], [two, 1000, 10])
    const tcp = rig(protocolOf(502))
    tcp.run(0, 60_000, [protocolOf(502, { maxGap: 0 }), 100, 40])
    expect([told, tcp.told]).toEqual([[], []])
  })

  it('forgets what a device read before it was changed, and devices that are gone', () => {
    const { run, told } = rig()
    run(0, 30_000, [one, 1000, 20])
    run(30_000, 60_000, [{ ...one }, 1000, 20])
    run(60_000, 100_000, [two, 1000, 20])
    expect(told).toEqual([])
  })

  it('tells again when it was well in between', () => {
    const { run, told } = rig()
    run(0, 10_000, [one, 1000, 40])
    run(10_000, 20_000, [{ ...one }, 1000, 5])
    run(20_000, 30_000, [{ ...one }, 1000, 40])
    expect(told).toEqual([121, 121])
  })

  it('does not count what is not repeated', () => {
    const { watch, told } = rig()
    const plan = createReadPlan(registers(0), one, nothingKnown.shape)
    for (let now = 0; now < 1000; now++) watch.cycle(plan, undefined, now)
    expect(told).toEqual([])
  })
})
