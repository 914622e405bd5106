import {
  callBounded,
  closeBounded,
  createControllers,
  settle,
  type Controllers,
} from './bounded.ts'
import type { Id } from './device.ts'
import type { ConnectContext, Connection, Driver } from './driver.ts'
import type { Memory } from './store.ts'
import { errorPolicies, MapperError } from './errors.ts'
import { createFairQueue } from './fair-queue.ts'
import type { Call, Lease } from './lease.ts'
import type { Logger } from './log.ts'
import type { SilenceBudget } from './silence-budget.ts'
import { backoffMs, canceled, type Clock } from './time.ts'
import { createWatches, type Watches } from './watches.ts'

export interface ConnectionSettings {
  /** The deadline of one call of the driver, and of one attempt to connect. */
  readonly callTimeoutMs: number
  readonly backoffFirstMs: number
  readonly backoffMaxMs: number
}

export interface SharedConnection {
  lease(device: Id, onReady: () => void): Lease
  readonly state: State['kind']
  readonly users: number
}

type State =
  | { readonly kind: 'idle' }
  | { readonly kind: 'connecting'; readonly abort: AbortController; readonly ended: Promise<void> }
  | { readonly kind: 'ready'; readonly connection: Connection }
  | { readonly kind: 'backoff'; readonly error: MapperError; readonly cancel: () => void }
  | { readonly kind: 'closed' }

/** One device that uses the connection. */
interface User {
  readonly device: Id
  readonly onReady: () => void
  /** For its reads and its writes, of which one each may be under way. */
  readonly controllers: Readonly<Record<Call<unknown>['kind'], Controllers>>
  readonly watches: Watches
}

interface Job {
  readonly user: User
  readonly write: boolean
  /** Never fails; `over` is called when the call is. */
  readonly start: (connection: Connection, over: () => void) => void
  readonly fail: (error: MapperError) => void
}

/** How often something is tried that time alone does not mend. */
const seldomMs = 30_000

/**
 * One link and all who use it. It is opened when first needed, opened again by itself after a loss
 * (later and later, with jitter), and closed when the last user has gone.
 */
export function createSharedConnection<P>(
  driver: Driver,
  protocol: P,
  options: {
    readonly settings: ConnectionSettings
    readonly clock: Clock
    readonly random: () => number
    readonly logger: Logger
    readonly memory: Memory
    readonly lines: ConnectContext['lines']
    readonly folder: ConnectContext['folder']
    /** Of all connections on the same line. */
    readonly silence: SilenceBudget
    readonly ownFiles?: ConnectContext['ownFiles'] | undefined
  },
): SharedConnection {
  const { clock, logger, settings, silence } = options
  const users = new Set<User>()
  const queue = createFairQueue<Job>()
  // Calls that are under way. No Set: its tables are made anew every few calls, and an old one that the
  // garbage collector has not found yet keeps the newer ones alive, and all calls in them.
  const underWay: Job[] = []
  let state: State = { kind: 'idle' }
  let attempts = 0

  const setState = (next: State) => {
    if (state.kind === 'backoff') state.cancel()
    state = next
  }

  const pump = () => {
    if (state.kind === 'idle' && queue.size > 0) return connect()
    if (state.kind !== 'ready') return
    const { connection } = state
    for (let job; (job = queue.take((one) => admits(connection, one))) !== undefined;) {
      start(connection, job)
    }
  }

  const start = (connection: Connection, job: Job) => {
    const begun = clock.now()
    underWay.push(job)
    job.start(connection, () => {
      underWay.splice(underWay.indexOf(job), 1)
      queue.charge(job.user, clock.now() - begun)
      pump()
    })
  }

  const admits = (connection: Connection, { user, write }: Job) => {
    const overtakes = connection.writesOvertake === true
    let calls = 0
    for (const other of underWay) {
      if (overtakes && other.write !== write) continue
      if (other.user.device === user.device) return false
      calls++
    }
    return (overtakes && write) || calls < (connection.parallel ?? 1)
  }

  const connect = () => {
    const abort = new AbortController()
    const attempt = async () => {
      const cancelDeadline = clock.after(settings.callTimeoutMs, () =>
        abort.abort(new MapperError('timeout', `no connection in ${settings.callTimeoutMs} ms`)),
      )
      try {
        const pending = driver.connect(protocol, {
          signal: abort.signal,
          logger,
          memory: options.memory,
          lines: options.lines,
          folder: options.folder,
          ownFiles: options.ownFiles ?? [],
        })
        const connection = await settle(
          pending,
          abort.signal,
          clock,
          (late) => void closeQuietly(late),
        )
        if (abort.signal.aborted || state.kind !== 'connecting')
          return void closeQuietly(connection)
        setState({ kind: 'ready', connection })
        logger.debug('connected')
        for (const user of users) user.onReady()
        pump()
      } catch (thrown) {
        if (state.kind === 'connecting') lose(MapperError.from(thrown, 'unreachable'))
      } finally {
        cancelDeadline()
      }
    }
    // The state must say `connecting` before the driver runs: a driver may fail in the same tick.
    let end: () => void = () => undefined
    const ended = new Promise<void>((resolve) => (end = resolve))
    setState({ kind: 'connecting', abort, ended })
    void attempt().finally(end)
  }

  /** The link is unusable: everybody waiting hears why, and it is tried again later. */
  const lose = (error: MapperError) => {
    const soon = errorPolicies[error.code].retry === 'soon'
    const [first, most] = soon
      ? [settings.backoffFirstMs, settings.backoffMaxMs]
      : [seldomMs, seldomMs]
    const wait = backoffMs(attempts++, options.random, first, most)
    const lost = state.kind === 'ready' ? state.connection : undefined
    const cancel = clock.after(wait, () => {
      if (state.kind !== 'backoff') return
      setState({ kind: 'idle' })
      if (users.size > 0) connect()
    })
    setState({ kind: 'backoff', error, cancel })
    for (const job of queue.drain()) job.fail(error)
    for (const { watches } of users) watches.lose(error)
    if (lost !== undefined) void closeQuietly(lost)
  }

  const broken = (connection: Connection, error: MapperError) => {
    if (state.kind === 'ready' && state.connection === connection) lose(error)
  }

  const closeQuietly = (connection: Connection) => closeBounded(connection, clock, logger)

  const run = <T>(user: User, call: Call<T>): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      if (state.kind === 'closed')
        return reject(new MapperError('canceled', 'the connection is closed'))
      if (state.kind === 'backoff') return reject(state.error)
      if (call.signal.aborted) return reject(canceled(call.signal))
      let waits = false
      let hasFailed = false
      const onAbort = () => {
        if (queue.delete(job)) reject(canceled(call.signal))
      }
      const stopWaiting = () => {
        if (waits) call.signal.removeEventListener('abort', onAbort)
      }
      const job: Job = {
        user,
        write: call.kind === 'write',
        fail: (error) => {
          hasFailed = true
          stopWaiting()
          reject(error)
        },
        start: (connection, over) => {
          stopWaiting()
          call.started = true
          const begun = clock.now()
          callBounded((signal) => call.run(connection, signal), {
            signal: call.signal,
            timeoutMs: Math.max(settings.callTimeoutMs, connection.callTimeoutMs ?? 0),
            clock,
            controllers: user.controllers[call.kind],
          }).then(
            (value) => {
              call.tookMs = (clock.now() - begun) / (connection.parallel ?? 1)
              if (call.unused !== true) attempts = 0
              resolve(value)
              over()
            },
            (thrown: unknown) => {
              const error = MapperError.from(thrown)
              // Stopping a call on our own wish says nothing about the link; everything else does.
              if (!call.signal.aborted || error.code === 'unreachable') broken(connection, error)
              reject(error)
              over()
            },
          )
        },
      }
      queue.push(job, user, job.write)
      pump()
      // A driver may fail to connect in the very tick in which it is asked.
      if (call.started === true || hasFailed) return
      waits = true
      call.signal.addEventListener('abort', onAbort, { once: true })
    })

  const close = async () => {
    const last = state
    setState({ kind: 'closed' })
    for (const job of queue.drain())
      job.fail(new MapperError('canceled', 'the connection is closed'))
    if (last.kind === 'ready') await closeQuietly(last.connection)
    if (last.kind === 'connecting') {
      last.abort.abort(new MapperError('canceled', 'the connection is no longer wanted'))
      await last.ended
    }
  }

  return {
    lease(device, onReady) {
      const controllers = { read: createControllers(), write: createControllers() }
      const watches = createWatches(clock)
      const user: User = { device, onReady, controllers, watches }
      users.add(user)
      return {
        run: (call) => run(user, call),
        watch: (connection, call) => watches.start(call, (error) => void broken(connection, error)),
        proven: () => void (attempts = 0),
        silence,
        async release() {
          if (!users.delete(user)) return
          watches.stop(new MapperError('canceled', `${device} no longer uses the connection`))
          silence.forget(device)
          if (users.size === 0) await close()
        },
      }
    },
    get state() {
      return state.kind
    },
    get users() {
      return users.size
    },
  }
}
