import type { ReadCost } from './plan.ts'

/** How long short and long requests of one device take. */
export interface Pace {
  readonly short?: Seen
  readonly long?: Seen
}

/** What most requests of one sort are like. */
interface Seen {
  readonly ms: number
  readonly registers: number
  readonly times: number
}

const shortest = 16
const longest = 48
/** Fewer say nothing. */
const leastTimes = 8
/** The most that one request moves what is believed, so that a single odd one moves it little. */
const step = 1.1
/** Beyond the longest request nothing changes any more. */
const mostRegisters = 125

/** One more request that was answered with nothing else on the way. The middle lengths tell least. */
export function timed(pace: Pace, registers: number, ms: number): Pace {
  if (registers <= shortest) return { ...pace, short: seenAgain(pace.short, registers, ms) }
  if (registers >= longest) return { ...pace, long: seenAgain(pace.long, registers, ms) }
  return pace
}

/**
 * What a request costs in registers, as far as the times tell. On a serial line the speed says what a
 * register costs, and what is left is the request's. Elsewhere the difference between short and long
 * requests says it; over a network there often is none, and then a request is worth any register.
 */
export function costOfPace(
  { short, long }: Pace,
  line?: { readonly registerMs: number; readonly leastMs: number },
): ReadCost | undefined {
  if (line !== undefined) {
    const requestMs = [short, long].flatMap((seen) =>
      enough(seen) ? [seen.ms - seen.registers * line.registerMs] : [],
    )
    if (requestMs.length === 0) return undefined
    return costOf(Math.max(line.leastMs, Math.min(...requestMs)), line.registerMs)
  }
  if (!enough(short) || !enough(long)) return undefined
  const registerMs = (long.ms - short.ms) / (long.registers - short.registers)
  return costOf(short.ms - short.registers * registerMs, registerMs)
}

/** Whether the new cost is so far from the one in use that it may make another plan. */
export function differs(cost: ReadCost, inUse: ReadCost): boolean {
  const ratio = (cost.request * inUse.register) / (cost.register * inUse.request)
  return ratio > 1.5 || ratio < 1 / 1.5
}

const costOf = (requestMs: number, registerMs: number): ReadCost => ({
  request:
    registerMs * mostRegisters <= requestMs ? mostRegisters : Math.max(1, requestMs / registerMs),
  register: 1,
})

const enough = (seen: Seen | undefined): seen is Seen =>
  seen !== undefined && seen.times >= leastTimes

/** A median that follows slowly: half of the requests lie on either side of where it rests. */
function seenAgain(seen: Seen | undefined, registers: number, ms: number): Seen {
  if (seen === undefined) return { ms, registers, times: 1 }
  return {
    ms: towards(seen.ms, ms),
    registers: towards(seen.registers, registers),
    times: Math.min(seen.times + 1, leastTimes),
  }
}

const towards = (from: number, to: number): number =>
  to > from ? Math.min(to, from * step) : Math.max(to, from / step)
