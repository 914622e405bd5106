/** Timers that can all be stopped at once. */
export interface Timers {
  later(ms: number, call: () => void): void
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
    stop() {
      for (const timer of running) clearTimeout(timer)
      running.clear()
    },
  }
}
