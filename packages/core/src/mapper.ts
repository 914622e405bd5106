import { createActivity } from './activity.ts'
import { createConnectionPool, type ConnectionPool } from './connection-pool.ts'
import { createDeviceBook } from './device-book.ts'
import type { Driver } from './driver.ts'
import type { Edge, EdgeLimits } from './edge/edge.ts'
import { explain } from './explain.ts'
import type { Logger } from './log.ts'
import { createVolatileStore } from './memory.ts'
import type { StateStore } from './store.ts'
import { createOutbox } from './outbox.ts'
import { createPoller } from './poller.ts'
import { createReporter } from './reporter.ts'
import { createResolver } from './resolve.ts'
import { systemClock, type Clock } from './time.ts'
import type { MapperView } from './view.ts'

export interface MapperSettings {
  /** What this mapper may ask of EdgeCore; the smaller of this and of what the edge bears counts. */
  readonly budget: Partial<EdgeLimits>
  /** Every twin is told again after this time, changed or not: EdgeCore loses reports. */
  readonly refreshMs: number
  /** The list of devices is fetched anew about this often: EdgeCore never repeats a lost call. */
  readonly registerEveryMs: number
  /** The deadline of one call of the driver. */
  readonly callTimeoutMs: number
  /** The longest pause between two attempts to connect, and between two probes of a silent device. */
  readonly reconnectMaxMs: number
  /** A change of a device's state counts when it lasted this long, so that states do not flap. */
  readonly stateHoldMs: number
  /** How the cycles of custom resources are read; `auto` takes huge numbers for nanoseconds. */
  readonly cycleUnit: 'auto' | 'ms' | 'ns'
  readonly minimumCycleMs: number
  /** What becomes of values that EdgeCore would drop: carried as `b64:` text, or not reported. */
  readonly values: 'encode' | 'reject'
}

export const defaultSettings: MapperSettings = {
  budget: { callsPerSecond: 0.9, burst: 60 },
  refreshMs: 300_000,
  registerEveryMs: 300_000,
  callTimeoutMs: 10_000,
  reconnectMaxMs: 2_000,
  stateHoldMs: 2_000,
  cycleUnit: 'auto',
  minimumCycleMs: 10,
  values: 'encode',
}

export interface MapperOptions {
  readonly driver: Driver
  readonly edge: Edge
  readonly logger: Logger
  /** Ends the mapper. */
  readonly signal: AbortSignal
  readonly settings?: Partial<MapperSettings>
  /** Remembered across restarts; without it only as long as the process lives. */
  readonly store?: StateStore
  /** Where drivers may keep files of their own across restarts; made when the first one is written. */
  readonly folder?: string
  /** Files that no device may name: its configuration, its secrets. */
  readonly ownFiles?: readonly string[]
  readonly clock?: Clock
  /** 0 ≤ x < 1, for jitter. */
  readonly random?: () => number
  /**
   * Connections shared with other mappers of this process, from `createConnections`: mappers of the same
   * driver then share a serial line or a socket instead of fighting for it.
   */
  readonly connections?: ConnectionPool
  /** Called once, when the mapper is at work. */
  readonly onStart?: (view: MapperView) => void
}

/** How soon a doubtful registration is asked for again. */
const doubtMs = 10_000

/**
 * Runs a driver as a mapper until the signal aborts, and resolves when everything it opened is closed.
 * Rejects only with what can never work (a wrong socket path); whatever is merely away is waited for.
 */
export async function runMapper(options: MapperOptions): Promise<void> {
  const { driver, edge, logger, signal, clock = systemClock, random = Math.random } = options
  const settings = { ...defaultSettings, ...options.settings }
  const store = options.store ?? createVolatileStore()
  const outbox = createOutbox(settings)
  const activity = createActivity()
  const poller = createPoller(clock)
  const pool = options.connections ?? createConnections({ ...options, settings })
  let cancelDoubt: () => void = () => undefined
  const reporter = createReporter({
    limits: tighter(edge.limits, settings.budget),
    outbox,
    clock,
    random,
    logger,
    activity,
    registerEveryMs: settings.registerEveryMs,
    onRegistered: (registration) => {
      cancelDoubt()
      if (book.registered(registration))
        cancelDoubt = clock.after(doubtMs, reporter.requestRegister)
    },
  })
  const book = createDeviceBook({
    resolve: createResolver(driver, settings),
    driver,
    pool,
    poller,
    outbox,
    store,
    clock,
    random,
    logger,
    activity,
    values: settings.values,
    probeMaxMs: settings.reconnectMaxMs,
    stateHoldMs: settings.stateHoldMs,
    wake: reporter.wake,
    onModelMissing: reporter.requestRegister,
  })

  try {
    const link = await edge.open(
      {
        ...book,
        link: (up, reason) => (up ? reporter.linkUp() : reporter.linkDown(reason)),
        route: reporter.route,
      },
      signal,
    )
    options.onStart?.({
      devices: book.view,
      device: book.viewOf,
      activity: activity.counts,
      get edge() {
        return reporter.stats
      },
      get outbox() {
        return outbox.size
      },
      get connections() {
        return pool.size
      },
      explain(device, property) {
        const facts = book.facts(device, property)
        const { link, callsPerSecond, throttled } = reporter.stats
        const all = facts && { ...facts, link, callsPerSecond, throttled: throttled > 0 }
        return all && explain(all, clock.wall())
      },
      callMethod: book.callMethod,
      writeProperty: book.writeProperty,
    })
    try {
      await reporter.run(link, signal)
    } finally {
      cancelDoubt()
      await link.close()
    }
  } finally {
    await book.stop()
    poller.stop()
    await store.flush()
  }
}

/** Connections for several mappers in one process. */
export function createConnections(options: {
  readonly logger: Logger
  readonly clock?: Clock
  readonly random?: () => number
  readonly settings?: Partial<MapperSettings>
  /** Where drivers may keep files of their own across restarts. */
  readonly folder?: string
  /** Files that no device may name: the configuration, secrets. */
  readonly ownFiles?: readonly string[]
}): ConnectionPool {
  const { logger, clock = systemClock, random = Math.random, folder, ownFiles } = options
  const { callTimeoutMs, reconnectMaxMs } = { ...defaultSettings, ...options.settings }
  const settings = { callTimeoutMs, backoffFirstMs: 100, backoffMaxMs: reconnectMaxMs }
  return createConnectionPool({ clock, random, logger, settings, folder, ownFiles })
}

function tighter(edge: EdgeLimits, own: Partial<EdgeLimits>): EdgeLimits {
  return {
    callsPerSecond: Math.min(edge.callsPerSecond, own.callsPerSecond ?? Infinity),
    burst: Math.min(edge.burst, own.burst ?? Infinity),
    twinsPerSecond: Math.min(edge.twinsPerSecond, own.twinsPerSecond ?? Infinity),
    twinsPerCall: Math.min(edge.twinsPerCall, own.twinsPerCall ?? Infinity),
    callsAtOnce: Math.min(edge.callsAtOnce ?? 1, own.callsAtOnce ?? Infinity),
  }
}
