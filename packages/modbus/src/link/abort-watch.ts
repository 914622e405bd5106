/** Watches many signals with one listener each, however many calls share a signal. */
export interface AbortWatch {
  hold(signal: AbortSignal): void
  release(signal: AbortSignal): void
  /** Forgets all of them. */
  stop(): void
}

/**
 * A listener costs more than a whole request costs us otherwise, and callers use one signal for many
 * requests in a row. So a signal that nobody holds keeps its listener until another one comes along.
 */
export function abortWatch(onAbort: (signal: AbortSignal) => void): AbortWatch {
  const held = new Map<AbortSignal, number>()
  const listener = (event: Event) => onAbort(event.target as AbortSignal)

  function forgetIdle(): void {
    for (const [signal, uses] of held) {
      if (uses > 0) continue
      signal.removeEventListener('abort', listener)
      held.delete(signal)
    }
  }

  return {
    hold(signal) {
      const uses = held.get(signal)
      if (uses === undefined) {
        forgetIdle()
        signal.addEventListener('abort', listener)
      }
      held.set(signal, (uses ?? 0) + 1)
    },
    release(signal) {
      const uses = held.get(signal)
      if (uses !== undefined) held.set(signal, uses - 1)
    },
    stop() {
      for (const signal of held.keys()) signal.removeEventListener('abort', listener)
      held.clear()
    },
  }
}
