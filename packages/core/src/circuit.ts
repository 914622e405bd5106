import type { Id } from './device.ts'
import type { SilenceBudget } from './silence-budget.ts'
import { backoffMs } from './time.ts'

/**
 * A silent device is asked ever more rarely, so that on a shared connection it does not slow the
 * others: closed (ask), or open until a time and until the connection's budget for silence allows one
 * probe.
 */
export interface Circuit {
  /** Whether the device may be asked now; then say what came of it. */
  enter(now: number): boolean
  answered(now: number): void
  /** `costMs`: for how long the connection was held up. */
  silent(now: number, costMs: number): void
  /** Nothing is known of the device: the connection failed, or the call was given up. */
  failed(): void
}

export function createCircuit(options: {
  readonly device: Id
  readonly random: () => number
  readonly probeMaxMs: number
  readonly budget: SilenceBudget
}): Circuit {
  const { device, random, probeMaxMs, budget } = options
  let silences = 0
  let openUntil = 0
  return {
    enter: (now) => now >= openUntil && (silences < 2 || budget.claim(device, now)),
    answered(now) {
      silences = 0
      openUntil = 0
      budget.answered(device, now)
    },
    silent(now, costMs) {
      budget.silent(device, now, costMs)
      // The first silence may be a hiccup: the device is asked again in its next cycle.
      if (silences++ > 0) openUntil = now + backoffMs(silences - 2, random, 500, probeMaxMs)
    },
    failed: () => budget.failed(device),
  }
}
