import type { Clock } from '../time.ts'

/** A clock that stands still until it is told to move. */
export interface ManualClock extends Clock {
  /** Moves on, calling every timer at its time; promises settle in between. */
  advance(ms: number): Promise<void>
  /** Lets all promises settle that can, without moving the time. */
  settle(): Promise<void>
  /** Timers that are waiting. */
  readonly pending: number
}

interface Timer {
  readonly at: number
  readonly order: number
  readonly call: () => void
}

export function createManualClock(startMs = 1_000): ManualClock {
  const timers = new Set<Timer>()
  let now = startMs
  let order = 0

  const settle = async () => {
    for (let round = 0; round < 25; round++) await Promise.resolve()
  }

  const earliest = (until: number) => {
    let best: Timer | undefined
    for (const timer of timers) {
      if (timer.at > until) continue
      const before = best === undefined || timer.at < best.at
      if (before || (timer.at === best?.at && timer.order < best.order)) best = timer
    }
    return best
  }

  return {
    now: () => now,
    wall: () => 1_700_000_000_000 + now,
    after(ms, call) {
      const timer = { at: now + Math.max(0, ms), order: order++, call }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    async advance(ms) {
      const until = now + ms
      await settle()
      for (let timer = earliest(until); timer !== undefined; timer = earliest(until)) {
        timers.delete(timer)
        now = Math.max(now, timer.at)
        timer.call()
        await settle()
      }
      now = until
      await settle()
    },
    settle,
    get pending() {
      return timers.size
    },
  }
}
