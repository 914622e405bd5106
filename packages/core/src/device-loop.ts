import { setMaxListeners } from 'node:events'
import type { Activity } from './activity.ts'
import { createCircuit } from './circuit.ts'
import { createDesiredWriter } from './desired-writer.ts'
import type { DeviceState } from './device.ts'
import type { Outcome, Value } from './driver.ts'
import { errorPolicies, MapperError } from './errors.ts'
import { createGroup, type Group } from './group.ts'
import { stateOf } from './health.ts'
import type { Lease } from './lease.ts'
import type { Logger } from './log.ts'
import type { StateStore } from './store.ts'
import type { Outbox } from './outbox.ts'
import type { Poller, Task } from './poller.ts'
import { createReadings, type Reading } from './readings.ts'
import { sameSpec, type ResolvedDevice, type ResolvedProperty } from './resolve.ts'
import { phaseOf } from './schedule.ts'
import { createSteady } from './steady.ts'
import type { Clock } from './time.ts'
import { createWriteBatch, writeOf, type WriteBatch } from './write-batch.ts'

/** One device at work: watches or reads what is due, writes what is wished, keeps the outbox up to date. */
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
  /** Why the last call as a whole failed, or what the connection works on, if so. */
  readonly linkError: MapperError | undefined
  /** Whether the device tells of changes of a property, instead of being read. */
  isWatched(property: string): boolean
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
  readonly activity: Activity
  readonly values: 'encode' | 'reject'
  /** How long a change of state must last before it counts. */
  readonly stateHoldMs: number
  readonly wake: () => void
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
  let stateTask: Task | undefined

  const lease = options.lease(() => {
    // Back after a loss: at once, instead of waiting out a long cycle.
    for (const group of groups) group.ready(link !== undefined)
    void writer.flush()
  })

  const circuit = createCircuit({ ...options, device: device.id, budget: lease.silence })

  const callBatch = createWriteBatch(lease, () => device.protocol, stop.signal)
  const writeBatch: WriteBatch = async (properties, writes) => {
    for (const { name } of properties) for (const group of groups) group.writing(name)
    const done = await callBatch(properties, writes)
    properties.forEach((_, index) => {
      const outcome = done.result?.written[index]
      const error = outcome?.ok === false ? MapperError.from(outcome.error) : done.error
      options.activity.wrote(outcome?.ok === true ? 'good' : (error?.code ?? 'internal'))
    })
    return done
  }

  /** A write has an outcome: reports the property soon, and answers what it reads now. */
  const written = (property: ResolvedProperty, back: Outcome<Value> | undefined) => {
    const { name } = property
    const isNewest = groups.map((group) => group.written(name, back)).every(Boolean)
    let text = back?.ok === true ? readings.all.get(name)?.text : undefined
    if (isNewest && back !== undefined) text = readings.take(property, back, clock.wall())
    readings.publish(property, writer.observed(name), true)
    options.wake()
    return text
  }

  const writer = createDesiredWriter({
    device,
    store: options.store,
    logger,
    writeBatch,
    onOutcome: (property, back) => void written(property, back),
  })

  const take = (property: ResolvedProperty, outcome: Outcome<Value>, now: number) => {
    const text = readings.take(property, outcome, now)
    if (text === undefined) return
    writer.reading(property, text)
    readings.publish(property, writer.observed(property.name), false)
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

  const linkError = () => link ?? groups.find((one) => one.interruption)?.interruption

  /** Works out the device's state anew. */
  const judge = () => {
    const health = { link: linkError(), read: readings.all.size, faults: readings.faults() }
    const now = stateOf({ ...health, misconfigured })
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
    groups = [...cycles].map(([periodMs, properties]) =>
      createGroup({
        properties,
        protocol: device.protocol,
        periodMs,
        phaseMs: phaseOf(device.id, periodMs),
        lease,
        circuit,
        poller,
        clock,
        logger,
        activity: options.activity,
        signal: stop.signal,
        take,
        onLink: (error) => (link = error),
        onNews: () => {
          judge()
          options.wake()
          void writer.flush()
        },
      }),
    )
    for (const group of groups) group.run()
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
    for (const group of groups) group.stop()
    groups = []
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
      const isRestart = reach !== 'desired' && reach !== 'equal'
      // First, so that what was told until now is taken as it was meant.
      if (isRestart) halt()
      misconfigured = nowMisconfigured
      device = next
      if (isRestart) readings.keep(next.properties)
      writer.update(next)
      if (isRestart) start()
      else judge()
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
      const outcome = result?.written[0]
      if (outcome === undefined)
        throw error ?? new MapperError('internal', 'the write has no outcome')
      if (!outcome.ok) throw outcome.error
      logger.info({ property: name, value: text }, 'value written by request')
      return written(property, result?.readBack?.[0])
    },
    get state() {
      return state.value ?? 'unknown'
    },
    get linkError() {
      return linkError()
    },
    isWatched: (name) => groups.some((group) => group.isWatched(name)),
    readings: readings.all,
    untold: readings.untold,
  }
}
