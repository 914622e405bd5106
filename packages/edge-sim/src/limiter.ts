import type { Clock } from '@mapper-sdk/core'

export interface Rate {
  readonly perSecond: number
  readonly burst: number
}

/** A token bucket, full at first. */
export interface Limiter {
  /** Takes a token, if there is one. */
  take(): boolean
  /** Until the next token is there; 0 when there is one now. */
  waitMs(): number
}

const unlimited: Limiter = { take: () => true, waitMs: () => 0 }

export function createLimiter(rate: Rate | 'off', clock: Clock): Limiter {
  if (rate === 'off') return unlimited
  const { perSecond, burst } = rate
  let tokens = burst
  let filledAt = clock.now()
  const fill = () => {
    const now = clock.now()
    tokens = Math.min(burst, tokens + ((now - filledAt) / 1000) * perSecond)
    filledAt = now
  }
  // Many small refills add up to a hair less than a token; without the slack a timer would fire twice.
  const one = 1 - 1e-9
  return {
    take() {
      fill()
      if (tokens < one) return false
      tokens -= 1
      return true
    },
    waitMs() {
      fill()
      return tokens >= one ? 0 : Math.ceil(((1 - tokens) / perSecond) * 1000)
    },
  }
}
