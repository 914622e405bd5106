import type { Memory } from '@mapper-sdk/core'

/**
 * What may still come of answers that were waited for in vain.
 *
 * Answers of most protocols carry no number, so one that comes late looks like the answer to what is asked
 * next. A device that is left alone for as long again as it was waited for shows most of them. The first
 * answer after that counts only when all its time is over: if two came, the first was the late one.
 */
export interface Doubts {
  /** An answer is missing; after `until` nobody waits for it. Without an address it may be anybody's. */
  add(until: number, addressed: boolean): void
  /** A late answer came, so that nothing more is waited for. */
  settle(): void
  /** When the device may be asked again. */
  readonly until: number
  /** Whether an answer was missing and none is proven since. */
  readonly any: boolean
  proven(): void
}

const key = 'serial: answers without an address are missing until'

/** `memory` is that of the line, which all its devices share. */
export function createDoubts(memory: Memory): Doubts {
  let own = -Infinity
  let any = false
  const shared = () => (memory.get(key) as number | undefined) ?? -Infinity
  return {
    add(until, addressed) {
      own = until
      any = true
      if (!addressed) memory.set(key, Math.max(shared(), until))
    },
    settle() {
      if (shared() === own) memory.set(key, undefined)
      own = -Infinity
    },
    get until() {
      return Math.max(own, shared())
    },
    get any() {
      return any
    },
    proven: () => void (any = false),
  }
}
