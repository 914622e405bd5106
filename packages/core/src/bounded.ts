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
