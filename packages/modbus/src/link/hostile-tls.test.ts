import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { certificates } from './certificates.suite.ts'
import { expectNoLies, hostileRun, type HostileRun } from './hostile.suite.ts'
import { connectTcp } from './tcp-link.ts'
import { createBank, serveTcp } from '../simulator/index.ts'

const made = certificates()
const rejections: unknown[] = []
const onRejection = (reason: unknown) => rejections.push(reason)
beforeAll(() => void process.on('unhandledRejection', onRejection))
afterAll(() => {
  process.off('unhandledRejection', onRejection)
  made?.remove()
})

const seed = Number(process.env['HOSTILE_SEED'] ?? Date.now() % 1_000_000)

describe.skipIf(made === undefined)(`a hostile TLS server (HOSTILE_SEED=${seed})`, () => {
  it.each([
    { maxInFlight: 1, parallel: 2, reads: 3000, perMille: 20 },
    { maxInFlight: 8, parallel: 16, reads: 15_000, perMille: 10 },
  ])(
    '$reads reads, $maxInFlight in flight: no wrong value, nothing left over',
    async ({ maxInFlight, ...rest }) => {
      if (made === undefined) return
      made.issue('plc', { names: 'IP:127.0.0.1' })
      const bank = createBank()
      const tls = { cert: made.text(made.cert('plc')), key: made.text(made.key('plc')) }
      const simulator = await serveTcp(bank, { tls })
      const { port } = simulator
      const run: HostileRun = {
        bank,
        faults: simulator.faults,
        connect: () =>
          connectTcp(
            {
              host: '127.0.0.1',
              port,
              connectTimeoutMs: 5000,
              maxInFlight,
              tls: { caFile: made.cert('plc') },
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
      expect(result.connects).toBeGreaterThan(10)
      expect(rejections).toEqual([])
      await expect.poll(() => simulator.connections).toBe(0)
      await simulator.close()
    },
    120_000,
  )
})
