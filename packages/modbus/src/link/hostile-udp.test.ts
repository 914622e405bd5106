import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectNoLies, hostileRun, type HostileRun } from './hostile.suite.ts'
import { connectUdp } from './udp-link.ts'
import { createBank, serveUdp } from '../simulator/index.ts'

const rejections: unknown[] = []
const onRejection = (reason: unknown) => rejections.push(reason)
beforeAll(() => void process.on('unhandledRejection', onRejection))
afterAll(() => void process.off('unhandledRejection', onRejection))

const seed = Number(process.env['HOSTILE_SEED'] ?? Date.now() % 1_000_000)

describe(`a hostile Modbus UDP device (HOSTILE_SEED=${seed})`, () => {
  it.each([
    { maxInFlight: 1, parallel: 1, reads: 4000, perMille: 30 },
    { maxInFlight: 16, parallel: 32, reads: 30_000, perMille: 30 },
  ])(
    '$reads reads, $maxInFlight in flight: no wrong value, nothing left over',
    async ({ maxInFlight, ...rest }) => {
      const bank = createBank()
      const simulator = await serveUdp(bank)
      const { port } = simulator
      let dropped = 0
      const run: HostileRun = {
        bank,
        faults: simulator.faults,
        connect: () =>
          connectUdp(
            {
              host: '127.0.0.1',
              port,
              connectTimeoutMs: 5000,
              maxInFlight,
              onDrop: () => dropped++,
            },
            new AbortController().signal,
          ),
        timeoutMs: 40,
        seed,
        ...rest,
      }
      const result = await hostileRun(run)
      expectNoLies(run, result)
      expect(Object.keys(result.befell).length).toBeGreaterThan(15)
      // What is wrong with one datagram costs one call, not the link.
      expect(result.refused['bad_data']).toBeGreaterThan(run.reads / 1000)
      expect(dropped).toBeGreaterThan(run.reads / 1000)
      expect(rejections).toEqual([])
      await simulator.close()
    },
    120_000,
  )
})
