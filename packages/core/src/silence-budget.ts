import type { Id } from './device.ts'

/**
 * How much of a shared connection's time may go to devices that do not answer: a little, as long as
 * there are others that do.
 */
export interface SilenceBudget {
  /**
   * Whether a silent device may be asked again, as far as the others on its connection go. Then it has
   * the only permit there is, until it answered, was silent, failed otherwise or is forgotten.
   */
  claim(device: Id, now: number): boolean
  answered(device: Id, now: number): void
  /** Nothing came back, and the connection was held up for `costMs`. */
  silent(device: Id, now: number, costMs: number): void
  failed(device: Id): void
  forget(device: Id): void
}

/** One part of the time for silence, so many for the others. */
const others = 24
/** A device that answered this lately is one that can be held up. */
const aliveMs = 60_000
/** For so long a permit is kept for the one that has waited longest; then anybody may have it. */
const precedenceMs = 2_000

export function createSilenceBudget(random: () => number): SilenceBudget {
  const answeredAt = new Map<Id, number>()
  let nextAt = 0
  let claimant: Id | undefined
  /** Who was refused and has not been asked since, the longest first. */
  const waiting = new Set<Id>()
  const release = (device: Id) => {
    if (claimant === device) claimant = undefined
  }
  const isAlone = (device: Id, now: number) => {
    for (const [other, at] of answeredAt) {
      if (other !== device && now - at < aliveMs) return false
    }
    return true
  }
  return {
    claim(device, now) {
      if (isAlone(device, now)) return true
      waiting.add(device)
      const [first] = waiting
      const isFree = now >= nextAt && (claimant ?? device) === device
      if (!isFree || (first !== device && now < nextAt + precedenceMs)) return false
      waiting.delete(device)
      claimant = device
      return true
    },
    answered(device, now) {
      release(device)
      waiting.delete(device)
      answeredAt.set(device, now)
    },
    silent(device, now, costMs) {
      release(device)
      answeredAt.delete(device)
      nextAt = Math.max(nextAt, now + costMs * others * (0.5 + random()))
    },
    failed: release,
    forget(device) {
      release(device)
      waiting.delete(device)
      answeredAt.delete(device)
    },
  }
}
