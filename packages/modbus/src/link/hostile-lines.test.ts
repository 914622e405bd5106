import { createLines, type WireSettings } from '@mapper-sdk/core/line'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { expectNoLies, hostileRun, type HostileRun } from './hostile.suite.ts'
import { openLine } from './line-link.ts'
import { ptyPair } from './pty-pair.suite.ts'
import { createBank, serveLine, serveSerial } from '../simulator/index.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step()
})
const rejections: unknown[] = []
const onRejection = (reason: unknown) => rejections.push(reason)
beforeAll(() => void process.on('unhandledRejection', onRejection))
afterAll(() => void process.off('unhandledRejection', onRejection))

const seed = Number(process.env['HOSTILE_SEED'] ?? Date.now() % 1_000_000)
const signal = new AbortController().signal

describe(`hostile lines (HOSTILE_SEED=${seed}): no wrong value, nothing left over`, () => {
  it('ASCII on a serial line', async ({ skip }) => {
    const pair = await ptyPair()
    if (pair === undefined) return skip()
    cleanUp.push(() => pair.unplug())
    const [path, there] = pair.ends
    const bank = createBank({ units: [1, 2, 3] })
    const simulator = await serveSerial(bank, {
      path: there,
      framing: 'ascii',
      baudRate: 115_200,
    })
    cleanUp.push(() => simulator.close())
    const wire: WireSettings = {
      kind: 'serial',
      path,
      baudRate: 115_200,
      dataBits: 7,
      stopBits: 1,
      parity: 'even',
    }
    const run: HostileRun = {
      bank,
      faults: simulator.faults,
      connect: () => openLine({ framing: 'ascii', wire }, signal),
      reads: 450,
      parallel: 2,
      perMille: 80,
      timeoutMs: 60,
      seed,
    }
    const result = await hostileRun(run)
    expectNoLies(run, result)
    expect(result.connects).toBe(1)
    expect(Object.keys(result.befell).length).toBeGreaterThan(8)
    expect(rejections).toEqual([])
  }, 120_000)

  it.each(['rtu', 'ascii'] as const)(
    '%s over TCP, where late answers come on the next connection',
    async (framing) => {
      const bank = createBank({ units: [1, 2, 3] })
      const simulator = await serveLine(bank, { framing })
      const wire: WireSettings = {
        kind: 'tcp',
        host: '127.0.0.1',
        port: simulator.port,
        connectTimeoutMs: 5000,
      }
      const lines = createLines()
      const run: HostileRun = {
        bank,
        faults: simulator.faults,
        connect: () => openLine({ framing, wire }, signal, lines),
        reads: 1500,
        parallel: 2,
        perMille: 40,
        timeoutMs: 60,
        seed,
      }
      const result = await hostileRun(run)
      expectNoLies(run, result)
      expect(result.connects).toBeGreaterThan(10)
      expect(Object.keys(result.befell).length).toBeGreaterThan(12)
      expect(rejections).toEqual([])
      await expect.poll(() => simulator.connections).toBe(0)
      await simulator.close()
    },
    120_000,
  )
})
