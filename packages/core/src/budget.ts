import type { EdgeLimits } from './edge/edge.ts'

/** A bucket that holds at most `size` tokens and gains `rate` of them a second. */
interface Bucket {
  tokens: number
  at: number
  rate: number
  readonly size: number
}

/**
 * What may be said to EdgeCore, and when. EdgeCore takes one call a second for the whole node and
 * forwards 30 twins a second; beyond that it refuses or drops. The budget stays below on its own side,
 * gives way when refused (half the rate) and recovers slowly (additively), so that several mappers on
 * a node share without knowing of each other.
 */
export interface Budget {
  /** The most twins that a call may carry now, and when the bucket is full. */
  twins(now: number): number
  readonly mostTwins: number
  /** Takes one call with that many twins, if both are there. */
  take(twins: number, now: number): boolean
  /** The earliest time at which `take(twins)` can succeed; `Infinity` never happens for twins ≤ size. */
  readyAt(twins: number, now: number): number
  /** EdgeCore refused a call: its bucket is empty. */
  throttled(now: number): void
  /** EdgeCore took a call. */
  accepted(): void
  /** Calls a second at present. */
  rate(): number
}

/** How much of the full rate a taken call gives back after a refusal. */
const recovery = 0.02
/** The rate never falls below this share of the full one. */
const floor = 1 / 16
/** Calls a second of an edge that was taken to bear any number. */
const foundOut = 10

export function createBudget(limits: EdgeLimits, now: number): Budget {
  const calls = bucket(limits.callsPerSecond, Math.max(1, limits.burst), now)
  const twins = bucket(limits.twinsPerSecond, Math.max(2, limits.twinsPerSecond * 2), now)
  let full = limits.callsPerSecond

  return {
    mostTwins: Math.min(limits.twinsPerCall, twins.size),
    twins: (at) => Math.min(limits.twinsPerCall, Math.floor(fill(twins, at))),
    take(count, at) {
      if (fill(calls, at) < 1 || fill(twins, at) < count) return false
      calls.tokens -= 1
      twins.tokens -= count
      return true
    },
    readyAt: (count, at) =>
      Math.max(ready(calls, 1, at), ready(twins, Math.min(count, twins.size), at)),
    throttled(at) {
      fill(calls, at)
      // Whoever refuses has a limit, whatever was thought; without one the same call would be made for ever.
      if (full === Infinity) calls.rate = full = foundOut
      calls.rate = Math.max(full * floor, calls.rate / 2)
      calls.tokens = Math.min(calls.tokens, 0)
    },
    accepted() {
      if (calls.rate < full) calls.rate = Math.min(full, calls.rate + full * recovery)
    },
    rate: () => calls.rate,
  }
}

const bucket = (rate: number, size: number, now: number): Bucket => ({
  tokens: size,
  at: now,
  rate,
  size,
})

function fill(bucket: Bucket, now: number): number {
  // An infinite rate times no time is NaN, so unlimited buckets are simply always full.
  if (bucket.rate === Infinity) bucket.tokens = bucket.size
  else
    bucket.tokens = Math.min(bucket.size, bucket.tokens + ((now - bucket.at) / 1000) * bucket.rate)
  bucket.at = now
  return bucket.tokens
}

function ready(bucket: Bucket, count: number, now: number): number {
  const missing = count - fill(bucket, now)
  return missing <= 0 ? now : now + Math.ceil((missing / bucket.rate) * 1000)
}
