import { describe, expect, it } from 'vitest'
import { createSharedConnection } from './connection.ts'
import type { Connection } from './driver.ts'
import { MapperError } from './errors.ts'
import { createLines } from './line/lines.ts'
import { silentLogger } from './log.ts'
import { createMemory } from './memory.ts'
import { createSilenceBudget } from './silence-budget.ts'
import { createFakeDriver, createManualClock } from './testing/index.ts'

/** Two devices on one connection that is there. */
async function rig() {
  const clock = createManualClock()
  const driver = createFakeDriver()
  const shared = createSharedConnection(
    driver,
    { host: 'h', unit: 1 },
    {
      settings: { callTimeoutMs: 5_000, backoffFirstMs: 100, backoffMaxMs: 1_000 },
      clock,
      random: () => 0.5,
      logger: silentLogger,
      memory: createMemory(),
      lines: createLines(),
      folder: undefined,
      silence: createSilenceBudget(() => 0.5),
    },
  )
  const leases = {
    a: shared.lease('n/a', () => undefined),
    b: shared.lease('n/b', () => undefined),
  }
  const call = (run: (connection: Connection) => Promise<unknown>) =>
    leases.a.run({ kind: 'read', signal: new AbortController().signal, run })
  let connection: Connection | undefined
  await call(async (ready) => (connection = ready))
  if (connection === undefined) throw new Error('no connection')
  const ends: (string | undefined)[] = []
  const onEnd = (error: MapperError | undefined) => void ends.push(error?.code)
  return { clock, driver, shared, connection, leases, call, ends, onEnd }
}

const forever = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))

describe('a watch on a shared connection', () => {
  it('has no deadline and takes no turn: calls run beside it', async () => {
    const { clock, connection, leases, call, ends, onEnd, shared } = await rig()
    leases.a.watch(connection, { run: forever, onEnd })
    leases.b.watch(connection, { run: forever, onEnd })
    await clock.advance(3_600_000)
    expect(await call(async () => 'read')).toBe('read')
    expect([shared.state, ends, clock.pending]).toEqual(['ready', [], 0])
    await leases.a.release()
    await leases.b.release()
  })

  it('is over with the share of its device, which hears nothing more', async () => {
    const { clock, connection, leases, ends, onEnd, shared } = await rig()
    const signals: AbortSignal[] = []
    const run = (signal: AbortSignal) => {
      signals.push(signal)
      return forever(signal)
    }
    leases.a.watch(connection, { run, onEnd })
    leases.b.watch(connection, { run, onEnd })
    await clock.settle()
    await leases.a.release()
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false])
    await leases.b.release()
    await clock.settle()
    expect([signals[1]?.aborted, ends, shared.state, clock.pending]).toEqual([
      true,
      [],
      'closed',
      0,
    ])
  })

  it.each(['throws', 'rejects'])(
    'that %s loses the connection for all, each told once',
    async (how) => {
      const { clock, driver, connection, leases, ends, onEnd, shared } = await rig()
      leases.a.watch(connection, { run: forever, onEnd })
      leases.b.watch(connection, { run: forever, onEnd })
      leases.b.watch(connection, {
        run: (): Promise<void> => {
          const error = new MapperError('bad_data', 'nonsense')
          if (how === 'throws') throw error
          return Promise.reject(error)
        },
        onEnd,
      })
      await clock.settle()
      expect([shared.state, ends]).toEqual(['backoff', ['bad_data', 'bad_data', 'bad_data']])
      await clock.advance(5_000)
      expect([shared.state, driver.connects, ends.length]).toEqual(['ready', 2, 3])
      await leases.a.release()
      await leases.b.release()
      expect(clock.pending).toBe(0)
    },
  )

  it('that throws because it was stopped loses nothing', async () => {
    const { clock, connection, leases, ends, onEnd, shared } = await rig()
    const { stop } = leases.a.watch(connection, {
      run: (signal) => forever(signal).then(() => Promise.reject(new Error('stopped'))),
      onEnd,
    })
    await clock.settle()
    stop(new MapperError('canceled', 'enough'))
    await clock.settle()
    expect([shared.state, ends]).toEqual(['ready', []])
  })

  it('that throws late, on a connection that is gone, leaves the new one alone', async () => {
    const { clock, connection, leases, ends, onEnd, shared, driver } = await rig()
    let fail: (error: Error) => void = () => undefined
    leases.a.watch(connection, { run: () => new Promise((_, reject) => (fail = reject)), onEnd })
    leases.b.watch(connection, {
      run: () => Promise.reject(new MapperError('unreachable', 'gone')),
      onEnd,
    })
    await clock.advance(500)
    fail(new MapperError('unreachable', 'gone as well'))
    await clock.settle()
    expect([shared.state, driver.connects, ends.length]).toEqual(['ready', 2, 2])
  })

  it('that was stopped before its turn came is never begun', async () => {
    const { clock, connection, leases, ends, onEnd } = await rig()
    const reason = new MapperError('canceled', 'enough')
    let begun = 0
    const endless = () => {
      begun++
      return new Promise<void>(() => undefined)
    }
    leases.a.watch(connection, { run: endless, onEnd }).stop(reason)
    await clock.settle()
    expect(begun).toBe(0)
    const first = leases.a.watch(connection, { run: endless, onEnd })
    await clock.settle()
    first.stop(reason)
    leases.a.watch(connection, { run: endless, onEnd }).stop(reason)
    leases.b.watch(connection, { run: endless, onEnd })
    await clock.settle()
    expect(begun).toBe(2)
    await clock.advance(5_000)
    expect([begun, ends, clock.pending]).toEqual([2, [], 0])
  })
})
