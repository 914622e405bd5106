/** When something that failed is tried again: in ten cycles, then later and later. */
export interface Wait {
  /** How often it was tried in vain. */
  readonly tries: number
  /** How many cycles lie between two tries. */
  readonly cycles: number
  /** How many of them are still to come. */
  readonly left: number
  /** When it was tried last, in ms. */
  readonly sinceMs: number
}

const firstCycles = 10
/** So long a wait ends by the clock. */
const mostCycles = 1e6

export const firstWait = (now: number): Wait => waitOf(1, firstCycles, now)

/** Tried in vain. */
export const longerWait = ({ tries, cycles }: Wait, now: number): Wait =>
  waitOf(tries + 1, Math.min(2 * cycles, mostCycles), now)

/** A cycle went by without a try. */
export const shorterWait = (wait: Wait): Wait => ({ ...wait, left: Math.max(0, wait.left - 1) })

/** Due in the next cycle. */
export const noWait = (wait: Wait): Wait => ({ ...wait, left: 0 })

/** Whether it is time: by the count of cycles, and at the latest after `mostMs`. */
export const isOver = ({ left, sinceMs }: Wait, now: number, mostMs: number): boolean =>
  left === 0 || now - sinceMs >= mostMs

/** The cycle of the try counts as one of them. */
const waitOf = (tries: number, cycles: number, now: number): Wait => ({
  tries,
  cycles,
  left: cycles - 1,
  sinceMs: now,
})
