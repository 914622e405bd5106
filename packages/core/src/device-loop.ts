import { setMaxListeners } from 'node:events'
import { createCircuit } from './circuit.ts'
import type { Call, Lease } from './connection.ts'
import { createDesiredWriter } from './desired-writer.ts'
import type { DeviceState } from './device.ts'
import type { Outcome, Value } from './driver.ts'
import { errorPolicies, MapperError } from './errors.ts'
import { expectLength } from './expect-length.ts'
import { isSilence, stateOf } from './health.ts'
import type { Logger } from './log.ts'
import type { StateStore } from './store.ts'
import type { Outbox } from './outbox.ts'
import type { Poller, Task } from './poller.ts'
import { createReadings, type Reading } from './readings.ts'
import { sameSpec, type ResolvedDevice, type ResolvedProperty } from './resolve.ts'
import { phaseOf } from './schedule.ts'
import { createSteady } from './steady.ts'
import type { Clock } from './time.ts'
import { createWriteBatch, writeOf } from './write-batch.ts'

/** One device at work: reads what is due, writes what is wished, keeps the outbox up to date. */
export interface DeviceLoop {
  readonly device: ResolvedDevice
  /** The device as it is from now on, on the same connection. */
  update(next: ResolvedDevice, misconfigured: boolean): void
  /**
   * Writes once, by request and not by desired value, and answers what the device reads afterwards
   * (undefined if it cannot be read back). Throws why it was not written.
   */
  write(property: string, text: string): Promise<string | undefined>
  stop(): Promise<void>
  readonly state: DeviceState
  /** Why the last call as a whole failed, if it did. */
  readonly linkError: MapperError | undefined
  readonly readings: ReadonlyMap<string, Reading>
  untold(property: string): string | undefined
}

export interface DeviceLoopOptions {
  readonly device: ResolvedDevice
  readonly misconfigured: boolean
  readonly lease: (onReady: () => void) => Lease
  /** The longest pause between two probes of a silent device. */
  readonly probeMaxMs: number
  readonly random: () => number
  readonly poller: Poller
  readonly outbox: Outbox
  readonly store: StateStore
  readonly clock: Clock
  readonly logger: Logger
  readonly values: 'encode' | 'reject'
  /** How long a change of state must last before it counts. */
  readonly stateHoldMs: number
  readonly wake: () => void
}

/** Properties of one cycle, always read together; the array stays the same object for the driver's plan. */
interface Group extends Task {
  readonly properties: readonly ResolvedProperty[]
  readonly visitors: readonly unknown[]
  readonly periodMs: number
  alive: boolean
  busy: boolean
}

export function createDeviceLoop(options: DeviceLoopOptions): DeviceLoop {
  const { clock, logger, outbox, poller } = options
  const stop = new AbortController()
  // Every waiting call of the device listens to this signal; there is one per cycle, not a leak.
  setMaxListeners(0, stop.signal)
  const readings = createReadings({ ...options, device: options.device.id })
  let device = options.device
  let misconfigured = options.misconfigured
  let link: MapperError | undefined
  let cause: MapperError | undefined
  let groups: Group[] = []
  let reads = 0
  /** By property, the last read that had begun when it was written: what that one saw may be older. */
  const overtaken = new Map<string, number>()
  let stateTask: Task | undefined

  const lease = options.lease(() => {
    // Back after a loss: read at once instead of waiting out a long cycle.
    if (link !== undefined) for (const group of groups) group.run()
    void writer.flush()
  })

  const circuit = createCircuit({ ...options, device: device.id, budget: lease.silence })

  const writeBatch = createWriteBatch(lease, () => device.protocol, stop.signal)

  const writer = createDesiredWriter({
    device,
    store: options.store,
    logger,
    writeBatch,
    onOutcome: (property, readBack) => {
      overtaken.set(property.name, reads)
      if (readBack !== undefined) readings.take(property, readBack, clock.wall())
      readings.publish(property, writer.observed(property.name), true)
      options.wake()
    },
  })

  const collect = async (group: Group) => {
    if (group.busy || !circuit.enter(clock.now())) return
    group.busy = true
    const begun = ++reads
    try {
      const call: Call<readonly Outcome<Value>[]> = {
        kind: 'read',
        signal: stop.signal,
        run: (connection, signal) =>
          connection.read(device.protocol, group.visitors, signal, group.periodMs),
      }
      const outcomes = await lease.run(call)
      // What came of it is nobody's any more, but the circuit waits to hear that it is over.
      if (!group.alive) return circuit.failed()
      expectLength(outcomes, group.visitors)
      link = undefined
      const now = clock.wall()
      group.properties.forEach((property, index) => {
        const outcome = outcomes[index]
        if (outcome === undefined || begun <= (overtaken.get(property.name) ?? 0)) return
        const text = readings.take(property, outcome, now)
        if (text === undefined) return
        writer.reading(property, text)
        readings.publish(property, writer.observed(property.name), false)
      })
      const silent = outcomes.length > 0 && outcomes.every((one) => !one.ok && isSilence(one.error))
      if (silent) circuit.silent(clock.now(), call.tookMs ?? 0)
      else circuit.answered(clock.now())
    } catch (thrown) {
      circuit.failed()
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

  const state = createSteady<DeviceState>({
    clock,
    holdMs: options.stateHoldMs,
    onChange: (to, from) => {
      const quiet = to === 'ok' || to === 'unknown'
      const level = cause === undefined ? 'warn' : errorPolicies[cause.code].level
      logger[quiet ? 'info' : level]({ from, to, ...(cause && { err: cause }) }, 'device state')
      outbox.state(device.id, to, clock.now())
      options.wake()
    },
  })

  /** Works out the device's state anew. */
  const judge = () => {
    const now = stateOf({ link, read: readings.all.size, errors: readings.errors(), misconfigured })
    // Nothing is known before the first reading, and saying so would cost a call of the budget.
    if (state.value === undefined && now.state === 'unknown' && groups.length > 0) return
    cause = now.cause
    state.propose(now.state)
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
      const group: Group = { properties, visitors, periodMs, alive: true, busy: false, run }
      poller.add(group, periodMs, phaseOf(device.id, periodMs))
      run()
      return group
    })
    const { toCloud, cycleMs } = device.stateReport
    if (toCloud && cycleMs > 0) {
      const run = () => {
        if (state.value === undefined) return
        outbox.state(device.id, state.value, clock.now())
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
      state.stop()
      stop.abort(new MapperError('canceled', `device ${device.id} is stopped`))
      await lease.release()
    },
    async write(name, text) {
      const property = device.properties.find((one) => one.name === name)
      if (property === undefined)
        throw new MapperError('invalid_config', `no property ${name} is running`)
      const { result, error } = await writeBatch([property], [writeOf(property, text)])
      const written = result?.written[0]
      const back = result?.readBack?.[0]
      if (written === undefined)
        throw error ?? new MapperError('internal', 'the write has no outcome')
      if (!written.ok) throw written.error
      logger.info({ property: name, value: text }, 'value written by request')
      overtaken.set(name, reads)
      const read = back === undefined ? undefined : readings.take(property, back, clock.wall())
      readings.publish(property, writer.observed(name), true)
      options.wake()
      return read
    },
    get state() {
      return state.value ?? 'unknown'
    },
    get linkError() {
      return link
    },
    readings: readings.all,
    untold: readings.untold,
  }
}
