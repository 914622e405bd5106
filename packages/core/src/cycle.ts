import { plainDecimal } from './decimal.ts'
import { longestDelayMs } from './time.ts'

/** A cycle of a custom resource in milliseconds, and what is odd about it. */
export interface Cycle {
  readonly ms: number
  readonly problem?: string
}

/** What KubeEdge's own mappers take when no cycle is set. */
const unsetMs = 1000
/** 27 hours in ms, a tenth of a second in ns: samples and older mappers of KubeEdge mean ns. */
const surelyNs = 1e8

/**
 * `collectCycle` or `reportCycle` as milliseconds that a timer can take. 0 is unset and means 1000.
 * `auto` reads numbers of 100 000 000 and more as nanoseconds, and says so.
 */
export function cycleMs(
  raw: number,
  options: { readonly unit?: 'auto' | 'ms' | 'ns'; readonly minimumMs?: number } = {},
): Cycle {
  const { unit = 'auto', minimumMs = 10 } = options
  if (raw === 0) return { ms: unsetMs }
  if (!Number.isFinite(raw) || raw < 0) {
    return { ms: unsetMs, problem: `${raw} is not a cycle; ${unsetMs} ms are used` }
  }
  const guessed = unit === 'auto' && raw >= surelyNs
  const ms = guessed || unit === 'ns' ? raw / 1e6 : raw
  const clamped = Math.min(Math.max(ms, minimumMs), longestDelayMs)
  const problems = [
    ...(guessed
      ? [`${plainDecimal(raw)} is taken as nanoseconds; write milliseconds instead`]
      : []),
    ...(ms < minimumMs
      ? [`${plainDecimal(ms)} ms is below the shortest cycle; ${minimumMs} ms are used`]
      : []),
    ...(ms > longestDelayMs
      ? [`${plainDecimal(ms)} ms is beyond the longest cycle; ${longestDelayMs} ms are used`]
      : []),
  ]
  return problems.length === 0 ? { ms: clamped } : { ms: clamped, problem: problems.join('; ') }
}
