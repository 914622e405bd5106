import type { Activity, EdgeCall } from './activity.ts'
import { createBudget, type Budget } from './budget.ts'
import type { Id } from './device.ts'
import type { EdgeLimits, EdgeLink, Receipt, Registration } from './edge/edge.ts'
import { MapperError } from './errors.ts'
import type { Logger } from './log.ts'
import type { Dispatch, Outbox } from './outbox.ts'
import { backoffMs, type Clock } from './time.ts'

/**
 * Spends the budget: registers, then tells EdgeCore what the outbox holds, one call at a time or as
 * many as the way bears, never two of one device.
 */
export interface Reporter {
  /** Something new is in the outbox. */
  wake(): void
  linkUp(): void
  linkDown(reason: string | undefined): void
  /** Twins and states have a budget of their own, or share that of registering (undefined). */
  route(limits: EdgeLimits | undefined): void
  /** A fresh registration is wanted (an unknown model, a doubt); several wishes make one call. */
  requestRegister(): void
  readonly stats: ReporterStats
  /** Speaks through the link until the signal aborts; resolves when no call is under way. */
  run(link: EdgeLink, signal: AbortSignal): Promise<void>
}

export interface ReporterStats {
  readonly link: 'down' | 'up' | 'registered'
  /** Why the link is down, as far as that is known. */
  readonly reason: string | undefined
  readonly registrations: number
  readonly calls: number
  readonly twins: number
  readonly throttled: number
  readonly failed: number
  /** Twins that EdgeCore would not take as they were. */
  readonly refusedTwins: number
  /** What the reports may use now, after EdgeCore's refusals. */
  readonly callsPerSecond: number
}

export interface ReporterOptions {
  readonly limits: EdgeLimits
  readonly outbox: Outbox
  readonly clock: Clock
  readonly random: () => number
  readonly logger: Logger
  readonly activity: Activity
  readonly registerEveryMs: number
  readonly onRegistered: (registration: Registration) => void
}

interface NextCall {
  readonly run: (link: EdgeLink, signal: AbortSignal) => Promise<'good' | 'throttled'>
  readonly dispatch?: Dispatch
}

export function createReporter(options: ReporterOptions): Reporter {
  const { activity, outbox, clock, logger } = options
  /** Of registering, and of reporting: the same one unless reports take another way. */
  const registering = createBudget(options.limits, clock.now())
  let reporting = registering
  let atOnce = options.limits.callsAtOnce ?? 1
  /** Devices with a call under way, and whether a registration is. */
  const busy = new Set<Id>()
  let isRegistering = false
  /** After a failure of the link no call is made before this time. */
  let pausedUntil = 0
  const stats = {
    link: 'down' as ReporterStats['link'],
    registrations: 0,
    calls: 0,
    twins: 0,
    throttled: 0,
    failed: 0,
    refusedTwins: 0,
  }
  let registerAt = 0
  let failures = 0
  let statesSupported = true
  let poke: () => void = () => undefined
  /** Only time helps now: no call is left, whatever else comes into the outbox. */
  let isSpent = false

  /** Why the link is down, as it was last said. */
  let downReason: string | undefined

  /** Waits until poked or until a time; `undefined` waits for a poke alone. */
  const pause = (until: number | undefined, signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      const ms = until === undefined ? undefined : Math.max(0, until - clock.now())
      const cancel = ms === undefined ? () => undefined : clock.after(ms, () => done())
      const done = () => {
        cancel()
        poke = () => undefined
        signal.removeEventListener('abort', done)
        resolve()
      }
      poke = done
      signal.addEventListener('abort', done, { once: true })
      if (signal.aborted) done()
    })

  const register: NextCall['run'] = async (link, signal) => {
    const answer = await link.register(signal)
    if (answer === 'throttled') return throttled(registering, 'register')
    registering.accepted()
    const jitter = 0.75 + options.random() / 2
    registerAt = clock.now() + options.registerEveryMs * jitter
    stats.registrations++
    if (stats.link !== 'registered') {
      stats.link = 'registered'
      logger.info({ devices: answer.devices.length }, 'registered with EdgeCore')
      outbox.refreshAll(clock.now())
    }
    options.onRegistered(answer)
    return 'good'
  }

  const tell = async (
    dispatch: Dispatch,
    ...[link, signal]: Parameters<NextCall['run']>
  ): ReturnType<NextCall['run']> => {
    const budget = reporting
    const receipt: Receipt =
      dispatch.kind === 'twins'
        ? await link.reportTwins({ device: dispatch.device, twins: dispatch.twins }, signal)
        : await link.reportState(dispatch.device, dispatch.state, signal)
    if (receipt === 'throttled') return throttled(budget, dispatch.kind)
    budget.accepted()
    const refused = receipt === 'accepted' ? [] : receipt.refused
    if (dispatch.kind === 'twins') stats.twins += dispatch.twins.length - refused.length
    stats.refusedTwins += refused.length
    activity.dropped('refused', refused.length)
    outbox.told(dispatch, clock.now())
    for (const { property, reason } of refused) {
      const fields = { device: dispatch.device, property, reason }
      logger.warn(fields, 'EdgeCore refuses this twin; it is left out until its value changes')
      outbox.quarantine(dispatch.device, property, reason, clock.now())
    }
    return 'good'
  }

  const throttled = (budget: Budget, what: EdgeCall): 'throttled' => {
    stats.throttled++
    budget.throttled(clock.now())
    logger[stats.throttled === 1 ? 'warn' : 'debug'](
      { what, callsPerSecond: budget.rate() },
      'EdgeCore takes no more calls for now; slowing down (other mappers on this node share its one call a second)',
    )
    return 'throttled'
  }

  /** A failed call: what became of the link decides whether to wait or to go on with other devices. */
  const failed = (thrown: unknown, dispatch: Dispatch | undefined, signal: AbortSignal) => {
    const error = MapperError.from(thrown, 'edge_unavailable')
    activity.asked(dispatch?.kind ?? 'register', error.code)
    if (error.code === 'canceled' && signal.aborted) return
    stats.failed++
    if (error.code === 'unsupported' && dispatch?.kind === 'state') {
      statesSupported = false
      outbox.told(dispatch, clock.now())
      return logger.info(
        'this EdgeCore is older than 1.18 and knows no device states; none are reported',
      )
    }
    const wait = backoffMs(failures++, options.random, 200, 5_000)
    if (error.code === 'edge_unavailable' || dispatch === undefined) {
      logger.debug({ err: error, wait }, 'EdgeCore did not take the call')
      pausedUntil = clock.now() + wait
    } else {
      logger.warn(
        { err: error, device: dispatch.device },
        'a report was not taken; other devices go on',
      )
      outbox.refused(dispatch, clock.now() + Math.max(wait, 5_000))
    }
  }

  /** The next call; else when there may be one; undefined: not before something happens. */
  const due = (now: number): NextCall | number | undefined => {
    isSpent = false
    if (stats.link === 'down') return undefined
    if (pausedUntil > now) return pausedUntil
    if ((stats.link === 'up' || registerAt <= now) && !isRegistering) {
      return registering.take(0, now) ? { run: register } : registering.readyAt(0, now)
    }
    // Before EdgeCore knows the mapper, reports would be lost.
    if (stats.link === 'up' || busy.size >= atOnce) return undefined
    // The outbox is only searched when there is a call to spend: it is asked after every reading.
    const ready = reporting.readyAt(0, now)
    if (ready > now) {
      isSpent = true
      return Math.min(ready, registerAt)
    }
    const room = reporting.twins(now)
    let dispatch = outbox.next(now, reporting.mostTwins, busy)
    // What a person waits for goes with the room there is. Anything else waits for the room of the
    // whole device: calls are scarcer than twins, so none is spent on half a device.
    if (dispatch?.kind === 'twins' && dispatch.urgent && costOf(dispatch) > room) {
      dispatch = outbox.next(now, room, busy)
    }
    if (dispatch === undefined) return Math.min(registerAt, outbox.nextAt(now, busy) ?? Infinity)
    if (dispatch.kind === 'state' && !statesSupported) {
      outbox.told(dispatch, now)
      return now
    }
    const told = dispatch
    const cost = costOf(told)
    // An empty list means that not even one twin fits the room: wait for it.
    if (told.kind === 'twins' && cost === 0) return Math.max(now + 1, reporting.readyAt(2, now))
    if (!reporting.take(cost, now)) return Math.max(now + 1, reporting.readyAt(cost, now))
    return { run: (link, signal) => tell(told, link, signal), dispatch: told }
  }

  const perform = async (next: NextCall, link: EdgeLink, signal: AbortSignal) => {
    const { dispatch } = next
    if (dispatch === undefined) isRegistering = true
    else busy.add(dispatch.device)
    stats.calls++
    try {
      activity.asked(dispatch?.kind ?? 'register', await next.run(link, signal))
      failures = 0
    } catch (thrown) {
      failed(thrown, dispatch, signal)
    } finally {
      if (dispatch === undefined) isRegistering = false
      else busy.delete(dispatch.device)
    }
  }

  return {
    wake() {
      // Asked after every reading of every device.
      if (!isSpent && outbox.size.waiting > 0) poke()
    },
    linkUp() {
      if (stats.link === 'down') stats.link = 'up'
      registerAt = 0
      failures = 0
      poke()
    },
    linkDown(reason) {
      // Also when it was never up: a mapper that waits for EdgeCore in silence looks dead.
      if (stats.link !== 'down' || reason !== downReason)
        logger.warn(
          { reason },
          'the link to EdgeCore is down; readings go on and the latest are kept',
        )
      stats.link = 'down'
      downReason = reason
      poke()
    },
    route(limits) {
      reporting = limits === undefined ? registering : createBudget(limits, clock.now())
      atOnce = (limits ?? options.limits).callsAtOnce ?? 1
      // The other way may know states although this one does not.
      statesSupported = true
      // The other way may have lost what it was told last.
      outbox.refreshAll(clock.now())
      poke()
    },
    requestRegister() {
      registerAt = Math.min(registerAt, clock.now() + 1_000)
      poke()
    },
    get stats() {
      const reason = stats.link === 'down' ? downReason : undefined
      return { ...stats, reason, callsPerSecond: reporting.rate() }
    },
    async run(link, signal) {
      const underWay = new Set<Promise<void>>()
      while (!signal.aborted) {
        const next = due(clock.now())
        if (typeof next !== 'object') {
          await pause(next === Infinity ? undefined : next, signal)
          continue
        }
        const call = perform(next, link, signal)
        underWay.add(call)
        void call.finally(() => {
          underWay.delete(call)
          poke()
        })
      }
      await Promise.all(underWay)
    },
  }
}

/** Twins that a dispatch takes from the budget: a first report is sent twice. */
const costOf = (dispatch: Dispatch): number =>
  dispatch.kind === 'state'
    ? 0
    : dispatch.twins.reduce((sum, { first }) => sum + (first ? 2 : 1), 0)
