import type { Clock } from '@mapper-sdk/core'
import { createLimiter, type Rate } from './limiter.ts'

/** The way from EdgeCore to the cloud: in order, one message at a time, no faster than its rate. */
export interface Upstream {
  /** False when the queue is full and the message is lost. */
  push(deliver: () => void): boolean
  /** Messages still waiting. */
  pending(): number
  /** Forgets what waits; how many that were. */
  stop(): number
}

/** As many messages as wait at most; a mapper that floods must not take all memory. */
const longest = 100_000

export function createUpstream(rate: Rate | 'off', clock: Clock): Upstream {
  const limiter = createLimiter(rate, clock)
  let queue: (() => void)[] = []
  let next = 0
  let cancel: (() => void) | undefined

  const pump = () => {
    cancel = undefined
    while (next < queue.length && limiter.take()) queue[next++]?.()
    if (next === queue.length) {
      queue = []
      next = 0
    } else {
      cancel = clock.after(limiter.waitMs(), pump)
      if (next > 1000 && next * 2 > queue.length) {
        queue = queue.slice(next)
        next = 0
      }
    }
  }
  return {
    push(deliver) {
      if (queue.length - next >= longest) return false
      queue.push(deliver)
      cancel ??= clock.after(0, pump)
      return true
    },
    pending: () => queue.length - next,
    stop() {
      cancel?.()
      cancel = undefined
      const lost = queue.length - next
      queue = []
      next = 0
      return lost
    },
  }
}
