import type { Memory } from '@mapper-sdk/core'

/**
 * How long a unit is waited for. One that said nothing the last time is probed: waited for as long as
 * answers on this connection take, and not as long as the configuration allows, because on a line all
 * others wait with us.
 */
export interface Patience {
  /** In ms; never longer than `timeoutMs`. */
  waitMs(timeoutMs: number): number
  /** Some unit answered, in so many ms. */
  answered(tookMs: number): void
  /** A whole read of this unit was met with silence. */
  silent(): void
}

const shortestMs = 100
/** A slow answer is one that takes so many times the slowest of the others. */
const times = 4
/** Now and then a silent unit is waited for in full: it may be slower than all others. */
const fullEvery = 8
/** How fast a slow answer is forgotten. */
const forgetting = 0.01

/** `slowestMs`: undefined as long as nobody answered. */
export function probeMs(
  timeoutMs: number,
  silences: number,
  slowestMs: number | undefined,
): number {
  if (slowestMs === undefined || silences === 0 || silences % fullEvery === 0) return timeoutMs
  return Math.min(timeoutMs, Math.max(shortestMs, Math.ceil(times * slowestMs)))
}

/** How slow answers are on a connection, and how often each unit was silent. */
interface Seen {
  slowestMs: number | undefined
  readonly silences: Map<number, number>
}

/** What is known of a unit, beside all others of its connection; kept where it outlives the connection. */
export function patienceOf(unit: number, memory: Memory): Patience {
  const kept = memory.get('patience') as Seen | undefined
  const seen: Seen = kept ?? { slowestMs: undefined, silences: new Map() }
  if (kept === undefined) memory.set('patience', seen)
  return {
    waitMs: (timeoutMs) => probeMs(timeoutMs, seen.silences.get(unit) ?? 0, seen.slowestMs),
    answered(tookMs) {
      const before = seen.slowestMs ?? 0
      seen.slowestMs = Math.max(tookMs, before + (tookMs - before) * forgetting)
      if (seen.silences.size > 0) seen.silences.delete(unit)
    },
    silent: () => void seen.silences.set(unit, (seen.silences.get(unit) ?? 0) + 1),
  }
}
