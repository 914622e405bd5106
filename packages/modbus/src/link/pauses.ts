import { canceled } from '@mapper-sdk/core'

/** Resolves after `ms`; rejects as soon as the signal aborts. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(canceled(signal))
    const onAbort = () => {
      clearTimeout(timer)
      reject(canceled(signal))
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    }, Math.ceil(ms))
    signal.addEventListener('abort', onAbort, { once: true })
  })
}

/** For slow devices: calls one after the other, with a pause between them. */
export interface Pauses {
  /** From the end of a call to the next one, in ms. With 0 calls go as they come. */
  ms: number
  /** Runs the call when it is its turn. An abort ends it at once, whether it waits or runs. */
  run<T>(call: () => Promise<T>, signal: AbortSignal): Promise<T>
  /** Ends all waiting: what comes next runs without a pause. */
  stop(): void
}

export function createPauses(): Pauses {
  let last: Promise<void> = Promise.resolve()
  let endedMs = -Infinity
  let stopPause = () => undefined as void
  let stopped = false
  const pauses: Pauses = {
    ms: 0,
    run(call, signal) {
      if (pauses.ms === 0) return call()
      return new Promise((resolve, reject) => {
        if (signal.aborted) return reject(canceled(signal))
        const onAbort = () => {
          stopPause()
          reject(canceled(signal))
        }
        signal.addEventListener('abort', onAbort, { once: true })
        const turn = async () => {
          const leftMs = endedMs + pauses.ms - performance.now()
          if (leftMs > 0 && !stopped && !signal.aborted) await wait(leftMs)
          // Whoever called has gone, and nobody sends for nobody.
          if (signal.aborted) return
          await call().then(resolve, reject)
          endedMs = performance.now()
        }
        last = last.then(turn).finally(() => signal.removeEventListener('abort', onAbort))
      })
    },
    stop() {
      stopped = true
      stopPause()
    },
  }
  return pauses

  /** Only one call is in its turn, so there is only one pause to stop. */
  function wait(ms: number): Promise<void> {
    const stop = new AbortController()
    stopPause = () => stop.abort()
    return pause(ms, stop.signal).catch(() => undefined)
  }
}
