import type { MapperError } from '@mapper-sdk/core'
import type { TableRange } from './plan.ts'
import { firstWait, isOver, longerWait, noWait, shorterWait, type Wait } from './wait.ts'

/** A range that the device refuses even when it is asked for alone. */
export interface Hole {
  readonly range: TableRange
  /** What it answered last; told again until the range is tried again. */
  readonly error: MapperError
  readonly exception: number
  /** Exception 4 may pass: only the second in a row counts. Until then the range is asked for in each cycle, alone. */
  readonly sure: boolean
  readonly wait: Wait
}

export interface Holes {
  readonly byKey: ReadonlyMap<string, Hole>
  /** How many are tried in one read: one, and twice as many after each read in which one was mended. */
  readonly tries: number
}

export const noHoles: Holes = { byKey: new Map(), tries: 1 }

/** The longest time between two tries. What the device calls a failure is more likely to pass. */
export const retryMs = (exception: number): number =>
  exception === deviceFailure ? 60_000 : 600_000

/** Exception 4 is said of an address, and of anything else that goes wrong in a device. */
export const deviceFailure = 4

const mostHoles = 1000
const mostTries = 64

export const keyOf = ({ table, address, count }: TableRange): string =>
  `${table} ${address}+${count}`

/** The range was asked for alone and refused. */
export function refused(
  holes: Holes,
  { range, exception, error }: Pick<Hole, 'range' | 'exception' | 'error'>,
  now: number,
): Holes {
  const key = keyOf(range)
  const known = holes.byKey.get(key)
  const sure = known !== undefined || exception !== deviceFailure
  const wait = known?.sure ? longerWait(known.wait, now) : firstWait(now)
  const byKey = new Map(holes.byKey)
  byKey.delete(key)
  byKey.set(key, { range, exception, error, sure, wait: sure ? wait : noWait(wait) })
  for (const oldest of byKey.keys()) if (byKey.size > mostHoles) byKey.delete(oldest)
  return { byKey, tries: known?.sure ? 1 : holes.tries }
}

/** The range was answered: whatever mended it may have mended others too, so they are tried soon. */
export function mended(holes: Holes, range: TableRange): Holes {
  const key = keyOf(range)
  const known = holes.byKey.get(key)
  if (known === undefined) return holes
  const others = [...holes.byKey].filter(([other]) => other !== key)
  if (!known.sure) return { ...holes, byKey: new Map(others) }
  const soon = others.map(([other, hole]) => [other, { ...hole, wait: noWait(hole.wait) }] as const)
  return { byKey: new Map(soon), tries: Math.min(2 * holes.tries, mostTries) }
}

/** Nothing was answered in a read, so what was not sure is nothing. */
export function doubted(holes: Holes, range: TableRange): Holes {
  const key = keyOf(range)
  if (holes.byKey.get(key)?.sure !== false) return holes
  return { ...holes, byKey: new Map([...holes.byKey].filter(([other]) => other !== key)) }
}

/** The ranges were due and not asked for. */
export function passedOver(holes: Holes, keys: readonly string[]): Holes {
  if (keys.length === 0) return holes
  const byKey = new Map(holes.byKey)
  for (const key of keys) {
    const hole = byKey.get(key)
    if (hole !== undefined) byKey.set(key, { ...hole, wait: shorterWait(hole.wait) })
  }
  return { ...holes, byKey }
}

/** Which of the ranges to try in this read: what is not sure, and of the rest those that waited longest. */
export function triesOf(holes: Holes, keys: readonly string[], now: number): ReadonlySet<string> {
  const known = keys.flatMap((key) => {
    const hole = holes.byKey.get(key)
    return hole === undefined ? [] : [{ key, hole }]
  })
  const over = known
    .filter(({ hole }) => hole.sure && isOver(hole.wait, now, retryMs(hole.exception)))
    .sort((a, b) => a.hole.wait.sinceMs - b.hole.wait.sinceMs)
    .slice(0, holes.tries)
  const unsure = known.filter(({ hole }) => !hole.sure)
  return new Set([...unsure, ...over].map(({ key }) => key))
}
