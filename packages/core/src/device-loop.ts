import { setMaxListeners } from 'node:events'
import type { Circuit } from './circuit.ts'
import type { Lease } from './connection.ts'
import { createDesiredWriter, type WriteBack } from './desired-writer.ts'
import type { DeviceState } from './device.ts'
import { errorPolicies, MapperError } from './errors.ts'
import { isSilence, stateOf } from './health.ts'
import type { Logger } from './log.ts'
import type { StateStore } from './memory.ts'
import type { Outbox } from './outbox.ts'
import type { Poller, Task } from './poller.ts'
import { createReadings, type Reading } from './readings.ts'
import { sameSpec, type ResolvedDevice, type ResolvedProperty } from './resolve.ts'
import { phaseOf } from './schedule.ts'
import type { Clock } from './time.ts'

/** One device at work: reads what is due, writes what is wished, keeps the outbox up to date. */
export interface DeviceLoop {
  readonly device: ResolvedDevice
  /** The device as it is from now on, on the same connection. */
  update(next: ResolvedDevice, misconfigured: boolean): void
  stop(): Promise<void>
  readonly state: DeviceState
  readonly readings: ReadonlyMap<string, Reading>
}

export interface DeviceLoopOptions {
  readonly device: ResolvedDevice
  readonly misconfigured: boolean
  readonly lease: (onReady: () => void) => Lease
  readonly circuit: Circuit
  readonly poller: Poller
  readonly outbox: Outbox
  readonly store: StateStore
  readonly clock: Clock
  readonly logger: Logger
  readonly values: 'encode' | 'reject'
  readonly wake: () => void
}

/** Properties of one cycle, always read together; the array stays the same object for the driver's plan. */
interface Group extends Task {
  readonly properties: readonly ResolvedProperty[]
  readonly visitors: readonly unknown[]
  alive: boolean
  busy: boolean
}

export function createDeviceLoop(options: DeviceLoopOptions): DeviceLoop {
  const { circuit, clock, logger, outbox, poller } = options
  const stop = new AbortController()
  // Every waiting call of the device listens to this signal; there is one per cycle, not a leak.
  setMaxListeners(0, stop.signal)
  const readings = createReadings({ ...options, device: options.device.id })
  let device = options.device
  let misconfigured = options.misconfigured
  let link: MapperError | undefined
  let state: DeviceState | undefined
  let groups: Group[] = []
  let stateTask: Task | undefined

  const lease = options.lease(() => {
    // Back after a loss: read at once instead of waiting out a long cycle.
    if (link !== undefined) for (const group of groups) group.run()
    void writer.flush()
  })

  const writer = createDesiredWriter({
    device,
    store: options.store,
    logger,
    writeBatch: async (properties, writes) => {
      let back: WriteBack | undefined
      const call = {
        kind: 'write' as const,
        signal: stop.signal,
        started: false,
        run: async (...[connection, signal]: Parameters<Parameters<Lease['run']>[0]['run']>) => {
          const written = expectLength(
            await connection.write(device.protocol, writes, signal),
            writes,
          )
          back = { written }
          const visitors = properties.map(({ visitor }) => visitor)
          const readBack = await connection.read(device.protocol, visitors, signal)
          back = { written, readBack: expectLength(readBack, visitors) }
        },
      }
      try {
        await lease.run(call)
        return { started: true, ...(back && { result: back }) }
      } catch (thrown) {
        const error = MapperError.from(thrown)
        return { started: call.started, error, ...(back && { result: back }) }
      }
    },
    onOutcome: (property, readBack) => {
      if (readBack !== undefined) readings.take(property, readBack, clock.wall())
      readings.publish(property, writer.observed(property.name), true)
      options.wake()
    },
  })

  const collect = async (group: Group) => {
    if (group.busy || !circuit.admits(clock.now())) return
    group.busy = true
    try {
      const outcomes = await lease.run({
        kind: 'read',
        signal: stop.signal,
        run: (connection, signal) => connection.read(device.protocol, group.visitors, signal),
      })
      if (!group.alive) return
      expectLength(outcomes, group.visitors)
      link = undefined
      const now = clock.wall()
      group.properties.forEach((property, index) => {
        const outcome = outcomes[index]
        const text = outcome === undefined ? undefined : readings.take(property, outcome, now)
        if (text === undefined) return
        writer.reading(property, text)
        readings.publish(property, writer.observed(property.name), false)
      })
      const silent = outcomes.length > 0 && outcomes.every((one) => !one.ok && isSilence(one.error))
      if (silent) circuit.silent(clock.now())
      else circuit.answered()
    } catch (thrown) {
      const error = MapperError.from(thrown)
      if (!group.alive || error.code === 'canceled') return
      // The first failure is told with the change of state; the same again is no news.
      logger.debug({ err: error }, 'the device could not be read')
      link = error
    } finally {
      group.busy = false
    }
    judge()
    options.wake()
    void writer.flush()
  }

  /** Works out the device's state anew; a change is logged and reported. */
  const judge = () => {
    const now = stateOf({ link, read: readings.all.size, errors: readings.errors(), misconfigured })
    // Nothing is known before the first reading, and saying so would cost a call of the budget.
    const isTooSoon = state === undefined && now.state === 'unknown' && groups.length > 0
    if (now.state === state || isTooSoon) return
    const fields = { from: state, to: now.state, ...(now.cause && { err: now.cause }) }
    const quiet = now.state === 'ok' || now.state === 'unknown'
    const level = now.cause === undefined ? 'warn' : errorPolicies[now.cause.code].level
    logger[quiet ? 'info' : level](fields, 'device state')
    state = now.state
    outbox.state(device.id, state, clock.now())
    options.wake()
  }

  const start = () => {
    const cycles = new Map<number, ResolvedProperty[]>()
    for (const property of device.properties) {
      const properties = cycles.get(property.collectMs)
      if (properties === undefined) cycles.set(property.collectMs, [property])
      else properties.push(property)
    }
    groups = [...cycles].map(([periodMs, properties]) => {
      const visitors = properties.map(({ visitor }) => visitor)
      const run = () => void collect(group)
      const group: Group = { properties, visitors, alive: true, busy: false, run }
      poller.add(group, periodMs, phaseOf(device.id, periodMs))
      run()
      return group
    })
    const { toCloud, cycleMs } = device.stateReport
    if (toCloud && cycleMs > 0) {
      const run = () => {
        if (state === undefined) return
        outbox.state(device.id, state, clock.now())
        options.wake()
      }
      stateTask = { run }
      poller.add(stateTask, cycleMs, cycleMs)
    }
    judge()
  }

  const halt = () => {
    for (const group of groups) {
      group.alive = false
      poller.delete(group)
    }
    if (stateTask !== undefined) poller.delete(stateTask)
    stateTask = undefined
  }

  start()

  return {
    get device() {
      return device
    },
    update(next, nowMisconfigured) {
      const reach = sameSpec(device, next)
      if (reach === 'equal' && nowMisconfigured === misconfigured) return
      misconfigured = nowMisconfigured
      device = next
      if (reach !== 'desired' && reach !== 'equal') readings.keep(next.properties)
      writer.update(next)
      if (reach !== 'desired' && reach !== 'equal') {
        halt()
        start()
      } else judge()
      void writer.flush()
    },
    async stop() {
      halt()
      stop.abort(new MapperError('canceled', `device ${device.id} is stopped`))
      await lease.release()
    },
    get state() {
      return state ?? 'unknown'
    },
    readings: readings.all,
  }
}

function expectLength<T>(outcomes: readonly T[], asked: readonly unknown[]): readonly T[] {
  if (outcomes?.length === asked.length) return outcomes
  throw new MapperError(
    'internal',
    `the driver answered ${outcomes?.length ?? 'no'} outcomes to ${asked.length} items; it must answer one each`,
  )
}
