import { expect, it } from 'vitest'
import { createBank, serveTcp } from '../simulator/index.ts'
import { adaptiveLink } from './adaptive-link.ts'
import type { InFlight } from './depth.ts'
import { expectNoLies, hostileRun, type HostileRun } from './hostile.suite.ts'
import { connectTcp } from './tcp-link.ts'

const seed = Number(process.env['HOSTILE_SEED'] ?? Date.now() % 1_000_000)

it(`a depth that is found out against a hostile server: no wrong value (HOSTILE_SEED=${seed})`, async () => {
  const bank = createBank()
  const simulator = await serveTcp(bank)
  const { port } = simulator
  const depths: number[] = []
  let kept: InFlight | undefined
  const memory = {
    // What was learned before is forgotten now and then, or one early trouble would end all trials.
    get: () => (depths.length % 3 === 0 ? undefined : kept),
    set: (state: InFlight) => {
      kept = state
      depths.push(state.depth)
    },
  }
  const run: HostileRun = {
    bank,
    faults: simulator.faults,
    connect: async () => {
      const tcp = await connectTcp(
        { host: '127.0.0.1', port, connectTimeoutMs: 5000 },
        new AbortController().signal,
      )
      const link = adaptiveLink(tcp, memory)
      return {
        ...link,
        get failed() {
          return link.failed
        },
        read: async (...call) => {
          const answer = await link.read(...call)
          link.cycleEnded()
          return answer
        },
      }
    },
    timeoutMs: 40,
    seed,
    parallel: 32,
    reads: 20_000,
    perMille: 10,
  }
  const result = await hostileRun(run)
  expectNoLies(run, result)
  expect(Object.keys(result.befell).length).toBeGreaterThan(15)
  // It was up and down many times.
  expect(depths.filter((depth) => depth >= 4).length).toBeGreaterThan(10)
  expect(depths.filter((depth) => depth === 1).length).toBeGreaterThan(10)
  await expect.poll(() => simulator.connections).toBe(0)
  await simulator.close()
}, 120_000)
