import { getEventListeners } from 'node:events'
import type { Connection } from './driver.ts'
import { MapperError } from './errors.ts'
import type { Logger } from './log.ts'
import { canceled, type Clock } from './time.ts'

/** How long a driver may take to settle after its call was aborted, and to close. */
const settleMs = 1_000

/**
 * The driver's promise, but never later than `settleMs` after the signal aborted: a driver that does
 * not settle must not hold up anybody. `onLate` gets a value that came after all.
 */
export function settle<T>(
  pending: Promise<T>,
  signal: AbortSignal,
  clock: Clock,
  onLate?: (value: T) => void,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let cancel: () => void = () => undefined
    let over = false
    const onAbort = () => {
      cancel = clock.after(settleMs, () => {
        over = true
        reject(canceled(signal))
      })
    }
    const done = () => {
      cancel()
      signal.removeEventListener('abort', onAbort)
    }
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
    pending.then(
      (value) => {
        done()
        if (over) onLate?.(value)
        else resolve(value)
      },
      (thrown: unknown) => {
        done()
        reject(thrown instanceof Error ? thrown : new MapperError('internal', String(thrown)))
      },
    )
  })
}

/** Controllers for calls that follow one another: making a new one for each costs more than the call. */
export interface Controllers {
  take(): AbortController
  giveBack(controller: AbortController): void
}

/** More listeners than this say that somebody forgets to take them off: such a signal is not used again. */
const mostListeners = 4

export function createControllers(): Controllers {
  let spare: AbortController | undefined
  return {
    take() {
      const controller = spare ?? new AbortController()
      spare = undefined
      return controller
    },
    giveBack(controller) {
      const { signal } = controller
      const isClean = getEventListeners(signal, 'abort').length <= mostListeners
      if (!signal.aborted && isClean) spare = controller
    },
  }
}

/**
 * One call of a driver: aborted by the signal or after `timeoutMs`, and given up when it does not settle
 * in time after that.
 */
export function callBounded<T>(
  run: (signal: AbortSignal) => Promise<T>,
  bounds: {
    readonly signal: AbortSignal
    readonly timeoutMs: number
    readonly clock: Clock
    readonly controllers: Controllers
  },
): Promise<T> {
  const { signal, timeoutMs, clock, controllers } = bounds
  return new Promise<T>((resolve, reject) => {
    const stop = controllers.take()
    let cancelGiveUp: () => void = () => undefined
    // Not AbortSignal.any: it leaves a trace on the long-lived signal for every call.
    const onAbort = () => abort(signal.reason)
    const abort = (reason: unknown) => {
      if (stop.signal.aborted) return
      stop.abort(reason)
      cancelGiveUp = clock.after(settleMs, () => fail(canceled(stop.signal)))
    }
    const cancelDeadline = clock.after(timeoutMs, () =>
      abort(new MapperError('timeout', `no answer in ${timeoutMs} ms`)),
    )
    const end = () => {
      cancelDeadline()
      cancelGiveUp()
      signal.removeEventListener('abort', onAbort)
      controllers.giveBack(stop)
    }
    const fail = (thrown: unknown) => {
      end()
      reject(MapperError.from(thrown))
    }
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      run(stop.signal).then((value) => {
        end()
        resolve(value)
      }, fail)
    } catch (thrown) {
      fail(thrown)
    }
  })
}

/** Closes a connection. A driver that does not close in time is left behind: nobody may wait for it. */
export async function closeBounded(
  connection: Connection,
  clock: Clock,
  logger: Logger,
): Promise<void> {
  let cancel: () => void = () => undefined
  const late = new Promise<void>((resolve) => {
    cancel = clock.after(settleMs, () => {
      logger.warn(`the driver did not close a connection in ${settleMs} ms`)
      resolve()
    })
  })
  try {
    await Promise.race([connection.close(), late])
  } catch (thrown) {
    logger.debug({ err: MapperError.from(thrown) }, 'the driver failed to close a connection')
  } finally {
    cancel()
  }
}
