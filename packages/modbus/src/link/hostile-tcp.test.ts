import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectNoLies, hostileRun, type HostileRun } from './hostile.suite.ts'
import { connectTcp } from './tcp-link.ts'
import { createBank, serveTcp } from '../simulator/index.ts'

const rejections: unknown[] = []
const onRejection = (reason: unknown) => rejections.push(reason)
beforeAll(() => void process.on('unhandledRejection', onRejection))
afterAll(() => void process.off('unhandledRejection', onRejection))

const seed = Number(process.env['HOSTILE_SEED'] ?? Date.now() % 1_000_000)
/** So many times as many reads, for a long look. */
const times = Number(process.env['HOSTILE_TIMES'] ?? 1)

describe(`a hostile Modbus TCP server (HOSTILE_SEED=${seed})`, () => {
  it.each([
    { maxInFlight: 1, parallel: 1, reads: 25_000, perMille: 20 },
    { maxInFlight: 4, parallel: 8, reads: 25_000, perMille: 20 },
    { maxInFlight: 16, parallel: 32, reads: 50_000, perMille: 10 },
  ])(
    '$reads reads, $maxInFlight in flight: no wrong value, nothing left over',
    async ({ maxInFlight, ...rest }) => {
      const bank = createBank()
      const simulator = await serveTcp(bank)
      const { port } = simulator
      const run: HostileRun = {
        bank,
        faults: simulator.faults,
        connect: () =>
          connectTcp(
            { host: '127.0.0.1', port, connectTimeoutMs: 5000, maxInFlight },
            new AbortController().signal,
          ),
        timeoutMs: 40,
        seed,
        ...rest,
        reads: times * rest.reads,
      }
      const warm = await hostileRun({ ...run, reads: 2000 })
      const before = process.memoryUsage().heapUsed
      const result = await hostileRun(run)
      expectNoLies({ ...run, reads: 2000 }, warm)
      expectNoLies(run, result)
      expect(Object.keys(result.befell).length).toBeGreaterThan(15)
      expect(result.connects).toBeGreaterThan(10)
      expect(rejections).toEqual([])
      // Garbage included; a leak of 200 bytes a read would show.
      expect(process.memoryUsage().heapUsed - before).toBeLessThan(80e6)
      await expect.poll(() => simulator.connections).toBe(0)
      await simulator.close()
    },
    120_000 * times,
  )
})
