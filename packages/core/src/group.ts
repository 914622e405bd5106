import type { Activity } from './activity.ts'
import type { Circuit } from './circuit.ts'
import type { Connection, Outcome, Value } from './driver.ts'
import { MapperError } from './errors.ts'
import { expectLength } from './expect-length.ts'
import { isSilence } from './health.ts'
import type { Call, Lease } from './lease.ts'
import type { Logger } from './log.ts'
import type { Poller, Task } from './poller.ts'
import type { ResolvedProperty } from './resolve.ts'
import { batchOf, slotOf } from './slot.ts'
import type { Clock } from './time.ts'
import { createWatched } from './watched.ts'
import type { Watching } from './watches.ts'

/**
 * Properties of one cycle. On a connection that can, they are watched, and those that cannot be are read;
 * on any other they are all read, in each cycle.
 */
export interface Group {
  /** Does now what the next cycle would. */
  run(): void
  /** The connection is there again. `isDown`: the device was thought to be away. */
  ready(isDown: boolean): void
  /** A write of the property begins. */
  writing(name: string): void
  /** The write is over; false: something newer than the read-back is known already. */
  written(name: string, back: Outcome<Value> | undefined): boolean
  isWatched(name: string): boolean
  /** Why the connection works on its link, if it does. */
  readonly interruption: MapperError | undefined
  stop(): void
}

export interface GroupOptions {
  readonly properties: readonly ResolvedProperty[]
  readonly protocol: unknown
  readonly periodMs: number
  readonly phaseMs: number
  readonly lease: Lease
  readonly circuit: Circuit
  readonly poller: Poller
  readonly clock: Clock
  readonly logger: Logger
  readonly activity: Activity
  /** Ends every call. */
  readonly signal: AbortSignal
  /** What is newest of a property, known at `now` (wall ms). */
  readonly take: (property: ResolvedProperty, outcome: Outcome<Value>, now: number) => void
  /** The device was heard, or could not be reached for this reason. */
  readonly onLink: (error: MapperError | undefined) => void
  /** After all that was learned at one time. */
  readonly onNews: () => void
}

export function createGroup(options: GroupOptions): Group {
  const { activity, circuit, clock, lease, logger, periodMs, poller, protocol } = options
  const all = batchOf(options.properties.map(slotOf))
  const byName = new Map(all.slots.map((slot) => [slot.property.name, slot]))
  let isAlive = true
  let isBusy = false
  let isPlanned = false
  /** To be run once more when the call under way is over. */
  let again = false
  let reads = 0
  let watching: Watching | undefined
  /** It was watched, and the connection was lost. */
  let isLost = false
  /** The connection whose watch ended by itself: there it is read. */
  let declined: Connection | undefined

  const watched = createWatched({
    slots: all.slots,
    clock,
    logger,
    reads: () => reads,
    take: options.take,
    onHeard: () => {
      lease.proven()
      options.onLink(undefined)
    },
    onToRead: (isUnread) => {
      plan()
      if (isUnread) runSoon()
    },
    onNews: () => {
      if (isAlive) options.onNews()
    },
  })

  const toRead = () => (watching === undefined ? all : watched.toRead)

  /** What has nothing to read has no place in the poller. */
  const plan = () => {
    const isWanted = isAlive && toRead().slots.length > 0
    if (isWanted === isPlanned) return
    isPlanned = isWanted
    if (isWanted) poller.add(task, periodMs, options.phaseMs)
    else poller.delete(task)
  }

  const runSoon = () => {
    if (isBusy) again = true
    else void collect()
  }

  const collect = async () => {
    if (isBusy || !circuit.enter(clock.now())) return
    isBusy = true
    const begun = ++reads
    let batch = all
    const call: Call<readonly Outcome<Value>[]> = {
      kind: 'read',
      signal: options.signal,
      run: async (connection, signal) => {
        // Only now is it known whether the connection can watch.
        if (watching === undefined && isAlive && connection !== declined) watch(connection)
        batch = toRead()
        call.unused = batch.slots.length === 0
        if (call.unused) return []
        const from = clock.now()
        try {
          return await connection.read(protocol, batch.visitors, signal, periodMs)
        } finally {
          activity.readTook(clock.now() - from)
        }
      },
    }
    try {
      const outcomes = await lease.run(call)
      // What came of it is nobody's any more, but the circuit waits to hear that it is over.
      if (!isAlive || call.unused === true) return circuit.failed()
      expectLength(outcomes, batch.visitors)
      options.onLink(undefined)
      const now = clock.wall()
      batch.slots.forEach((slot, index) => {
        const outcome = outcomes[index]
        if (outcome === undefined || begun <= slot.overtaken) return
        options.take(slot.property, outcome, now)
        watched.read(slot, outcome)
      })
      const silent = outcomes.length > 0 && outcomes.every((one) => !one.ok && isSilence(one.error))
      if (silent) circuit.silent(clock.now(), call.tookMs ?? 0)
      else circuit.answered(clock.now())
    } catch (thrown) {
      circuit.failed()
      const error = MapperError.from(thrown)
      if (!isAlive || error.code === 'canceled') return
      // The first failure is told with the change of state; the same again is no news.
      logger.debug({ err: error }, 'the device could not be read')
      options.onLink(error)
    } finally {
      isBusy = false
      const isWanted = again && isAlive
      again = false
      if (isWanted) void collect()
    }
    options.onNews()
  }

  const task: Task = { run: () => void collect() }

  const watch = (connection: Connection) => {
    if (connection.subscribe === undefined) return
    const news = watched.begin()
    isLost = false
    watching = lease.watch(connection, {
      run: async (signal) => connection.subscribe?.(protocol, all.visitors, news, signal, periodMs),
      onEnd: (error) => {
        watched.end()
        watching = undefined
        plan()
        if (error === undefined) {
          declined = connection
          logger.debug('the driver no longer watches the properties: they are read')
          return runSoon()
        }
        isLost = true
        logger.debug({ err: error }, 'the device is no longer watched')
        options.onLink(error)
        options.onNews()
      },
    })
    plan()
  }

  plan()
  return {
    run: task.run,
    ready: (isDown) => {
      if (isDown || isLost) task.run()
    },
    writing(name) {
      const slot = byName.get(name)
      if (slot !== undefined) slot.isSinceWrite = false
    },
    written(name, back) {
      const slot = byName.get(name)
      return slot === undefined || watched.written(slot, back)
    },
    isWatched: (name) => byName.get(name)?.isWatched === true,
    get interruption() {
      return watched.interruption
    },
    stop() {
      watched.end()
      isAlive = false
      plan()
      watching?.stop(new MapperError('canceled', 'the properties are no longer wanted like this'))
    },
  }
}
