import { MapperError } from './errors.ts'

/** Time as core sees it: injected, so that tests decide what time it is. */
export interface Clock {
  /** Monotonic milliseconds; schedules and ages use this one, it never jumps. */
  now(): number
  /** Milliseconds since 1970 by the machine's clock; only for timestamps that people read. */
  wall(): number
  /** Calls once after `ms`; the returned function cancels. Never keeps the process alive by itself alone. */
  after(ms: number, call: () => void): () => void
}

/** The longest delay a Node timer can take; a longer one would fire at once. */
export const longestDelayMs = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after: (ms, call) => {
    const timer = setTimeout(call, Math.min(Math.max(ms, 0), longestDelayMs))
    return () => clearTimeout(timer)
  },
}

/** Resolves after `ms`, or rejects with `canceled` as soon as the signal aborts. */
export function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(canceled(signal))
    const onAbort = () => {
      cancel()
      reject(canceled(signal))
    }
    const cancel = clock.after(ms, () => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    })
    signal.addEventListener('abort', onAbort, { once: true })
  })
}

/** The reason of an aborted signal as a MapperError: `timeout` for a deadline, else `canceled`. */
export function canceled(signal: AbortSignal): MapperError {
  if (signal.reason instanceof MapperError) return signal.reason
  return MapperError.from(signal.reason ?? new Error('stopped'), 'canceled')
}

/** Jittered exponential delay: attempt 0 waits about `firstMs`, doubling up to `maxMs`, times 0.5 … 1.5. */
export function backoffMs(
  attempt: number,
  random: () => number,
  firstMs = 100,
  maxMs = 10_000,
): number {
  const ideal = Math.min(maxMs, firstMs * 2 ** Math.min(attempt, 30))
  return Math.round(ideal * (0.5 + random()))
}
