import { setMaxListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { createSharedConnection } from './connection.ts'
import type { Connection } from './driver.ts'
import { MapperError } from './errors.ts'
import type { Lease } from './lease.ts'
import { silentLogger } from './log.ts'
import { createLines } from './line/lines.ts'
import { createMemory } from './memory.ts'
import { createSilenceBudget } from './silence-budget.ts'
import { createFakeDriver, createManualClock } from './testing/index.ts'

const settings = { callTimeoutMs: 5_000, backoffFirstMs: 100, backoffMaxMs: 1_000 }

function rig(options: Parameters<typeof createFakeDriver>[0] = {}) {
  const clock = createManualClock()
  const driver = createFakeDriver(options)
  const protocol = { host: 'h', unit: 1 }
  const shared = createSharedConnection(driver, protocol, {
    settings,
    clock,
    random: () => 0.5,
    logger: silentLogger,
    memory: createMemory(),
    lines: createLines(),
    folder: undefined,
    silence: createSilenceBudget(() => 0.5),
  })
  const stop = new AbortController()
  setMaxListeners(0, stop.signal)
  const read = (lease: Lease, unit = 1) =>
    lease.run({
      kind: 'read',
      signal: stop.signal,
      run: (connection: Connection, signal) =>
        connection.read({ host: 'h', unit }, [{ key: 'a' }], signal),
    })
  const write = (lease: Lease, value: number) =>
    lease.run({
      kind: 'write',
      signal: stop.signal,
      run: (connection: Connection, signal) =>
        connection.write({ host: 'h', unit: 1 }, [{ visitor: { key: 'a' }, value }], signal),
    })
  return { clock, driver, shared, stop, read, write }
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'ok',
    (thrown: unknown) => (thrown instanceof MapperError ? thrown.code : 'foreign'),
  )

describe('a shared connection', () => {
  it('connects when first needed and closes with its last user', async () => {
    const { driver, shared, read } = rig()
    const [a, b] = [shared.lease('n/a', () => undefined), shared.lease('n/b', () => undefined)]
    expect(driver.connects).toBe(0)
    await Promise.all([read(a), read(b)])
    expect([driver.connects, driver.open]).toEqual([1, 1])
    await a.release()
    expect(driver.open).toBe(1)
    await b.release()
    await b.release()
    expect([driver.open, shared.state]).toEqual([0, 'closed'])
    expect(await codeOf(read(b))).toBe('canceled')
  })

  it('runs one call at a time, or as many as the connection bears, never two of one device', async () => {
    for (const parallel of [1, 3]) {
      const { clock, driver, shared, read } = rig({ parallel })
      const perDevice = new Map<number, number>()
      driver.before = async ({ unit }) => {
        const now = (perDevice.get(unit) ?? 0) + 1
        perDevice.set(unit, now)
        expect(now).toBe(1)
        await new Promise<void>((resolve) => clock.after(10, resolve))
        perDevice.set(unit, now - 1)
      }
      const calls = Array.from({ length: 12 }, (_, i) =>
        read(
          shared.lease(`n/${i % 4}`, () => undefined),
          i % 4,
        ),
      )
      await clock.advance(1_000)
      await Promise.all(calls)
      expect(driver.mostAtOnce).toBe(parallel)
    }
  })

  it('lets writes go before reads that are waiting', async () => {
    const { clock, driver, shared, read, write } = rig()
    const order: string[] = []
    driver.before = async ({ kind }) => {
      order.push(kind)
      await new Promise<void>((resolve) => clock.after(10, resolve))
    }
    const leases = ['a', 'b', 'c', 'd'].map((name) => shared.lease(name, () => undefined))
    const calls = leases.slice(0, 3).map((lease) => read(lease))
    await clock.settle()
    if (leases[3] !== undefined) calls.push(write(leases[3], 1) as never)
    await clock.advance(100)
    await Promise.all(calls)
    expect(order).toEqual(['read', 'write', 'read', 'read'])
  })

  it('starts a write beside reads where the connection lets writes overtake', async () => {
    const { clock, driver, shared, read, write } = rig({ writesOvertake: true })
    const order: string[] = []
    driver.before = async ({ kind }) => {
      order.push(`${kind} begins`)
      await new Promise<void>((resolve) => clock.after(kind === 'read' ? 100 : 10, resolve))
      order.push(`${kind} ends`)
    }
    const [one, two] = ['n/a', 'n/b'].map((name) => shared.lease(name, () => undefined))
    if (one === undefined || two === undefined) throw new Error('no leases')
    const calls: Promise<unknown>[] = [read(one), read(two)]
    await clock.settle()
    // Of the very device that is being read; a second one of it waits for the first.
    calls.push(write(one, 1), write(one, 2))
    await clock.advance(50)
    expect(order).toEqual([
      'read begins',
      'write begins',
      'write ends',
      'write begins',
      'write ends',
    ])
    await clock.advance(200)
    await Promise.all(calls)
    expect(driver.mostAtOnce).toBe(2)
  })

  it('fails fast while it is away, comes back by itself, and tells its users', async () => {
    const { clock, driver, shared, read } = rig()
    let ready = 0
    const lease = shared.lease('n/a', () => ready++)
    driver.cut('h')
    const first = codeOf(read(lease))
    await clock.settle()
    expect(await first).toBe('unreachable')
    expect(shared.state).toBe('backoff')
    expect(await codeOf(read(lease))).toBe('unreachable')
    await clock.advance(3_000)
    expect(driver.connects).toBeGreaterThan(3)
    expect(driver.connects).toBeLessThan(8)
    driver.restore('h')
    await clock.advance(1_500)
    expect([shared.state, ready]).toEqual(['ready', 1])
    expect(await codeOf(read(lease))).toBe('ok')
  })

  it('tries seldom what only a change of the configuration can mend', async () => {
    const { clock, driver, shared, read } = rig()
    const lease = shared.lease('n/a', () => undefined)
    driver.cut('h', new MapperError('invalid_config', 'no such line'))
    const code = codeOf(read(lease))
    await clock.settle()
    expect(await code).toBe('invalid_config')
    await clock.advance(60_000)
    expect(driver.connects).toBe(3)
    await lease.release()
  })

  it('throws a broken connection away and fails everybody who waits', async () => {
    const { clock, driver, shared, read } = rig()
    const leases = ['a', 'b', 'c'].map((name) => shared.lease(name, () => undefined))
    if (leases[0] !== undefined) await read(leases[0])
    driver.cut('h')
    const codes = leases.map((lease) => codeOf(read(lease)))
    await clock.settle()
    expect(await Promise.all(codes)).toEqual(['unreachable', 'unreachable', 'unreachable'])
    expect(driver.open).toBe(0)
  })

  it.each([
    ['', {}, 5_999],
    ['as late as the connection needs', { callTimeoutMs: 60_000 }, 60_999],
  ])('gives up on a driver that neither answers nor aborts %s', async (_, options, afterMs) => {
    const { clock, driver, shared, read } = rig(options)
    const lease = shared.lease('n/a', () => undefined)
    driver.before = () => new Promise(() => undefined)
    const code = codeOf(read(lease))
    await clock.advance(afterMs)
    expect(shared.state).toBe('ready')
    await clock.advance(2)
    expect(await code).toBe('timeout')
    expect([shared.state, driver.open]).toEqual(['backoff', 0])
    await lease.release()
    expect(clock.pending).toBe(0)
  })

  it('does not wait for a driver that does not close', async () => {
    const { clock, driver, shared, read } = rig()
    const hanging = { ...driver, connect: () => Promise.resolve(connection) }
    const connection: Connection = {
      read: () => Promise.resolve([]),
      write: () => Promise.resolve([]),
      close: () => new Promise(() => undefined),
    }
    const other = createSharedConnection(
      hanging,
      { host: 'h', unit: 1 },
      {
        settings,
        clock,
        random: () => 0.5,
        logger: silentLogger,
        memory: createMemory(),
        lines: createLines(),
        folder: undefined,
        silence: createSilenceBudget(() => 0.5),
      },
    )
    const lease = other.lease('n/a', () => undefined)
    await read(lease)
    const released = lease.release()
    await clock.advance(1_000)
    await released
    expect([shared.state, other.state, clock.pending]).toEqual(['idle', 'closed', 0])
  })

  it('keeps the connection when a call is stopped on our own wish', async () => {
    const { clock, driver, shared, stop, read } = rig()
    const lease = shared.lease('n/a', () => undefined)
    driver.before = ({ signal }) =>
      new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(new MapperError('canceled', 'stopped'))),
      )
    const code = codeOf(read(lease))
    await clock.settle()
    stop.abort()
    await clock.settle()
    expect(await code).toBe('canceled')
    expect(shared.state).toBe('ready')
    await lease.release()
    expect(clock.pending).toBe(0)
  })

  it('stops connecting when nobody wants it any more', async () => {
    const { clock, driver, shared, read } = rig()
    driver.cut('h')
    const lease = shared.lease('n/a', () => undefined)
    const code = codeOf(read(lease))
    await clock.settle()
    await code
    await lease.release()
    expect(clock.pending).toBe(0)
    await clock.advance(10_000)
    expect(driver.connects).toBe(1)
  })

  it('turns a driver that throws in the same tick into an error, not a crash', async () => {
    const { clock, driver, shared } = rig()
    const lease = shared.lease('n/a', () => undefined)
    const code = codeOf(
      lease.run({
        kind: 'read',
        signal: new AbortController().signal,
        run: () => {
          throw new TypeError('driver bug')
        },
      }),
    )
    await clock.settle()
    expect(await code).toBe('internal')
    expect(driver.connects).toBe(1)
  })
})
