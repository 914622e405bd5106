/** Timers that can all be stopped at once. */
export interface Timers {
  later(ms: number, call: () => void): void
  every(ms: number, call: () => void): void
  stop(): void
}

export function createTimers(): Timers {
  const running = new Set<NodeJS.Timeout>()
  return {
    later(ms, call) {
      const timer = setTimeout(() => {
        running.delete(timer)
        call()
      }, ms)
      running.add(timer)
    },
    every: (ms, call) => void running.add(setInterval(call, ms)),
    stop() {
      // One kind of timer can be cleared as the other.
      for (const timer of running) clearTimeout(timer)
      running.clear()
    },
  }
}
