import type { MapperError } from '@mapper-sdk/core'
import type { Table } from '../link/link.ts'
import {
  deviceFailure,
  doubted,
  keyOf,
  mended,
  noHoles,
  passedOver,
  refused,
  type Holes,
} from './holes.ts'
import { costOfPace, differs, timed, type Pace } from './pace.ts'
import { registersOf, type ReadCost, type TableRange } from './plan.ts'
import { firstWait, isOver, longerWait, shorterWait, type Wait } from './wait.ts'

/** What one unit taught. Immutable: a new lesson makes a new object. */
export interface Knowledge {
  /** What a plan depends on; the same object as long as none of it changed. */
  readonly shape: Shape
  /** When what is refused is tried again. */
  readonly holes: Holes
  /** The request that was last met with silence; it is asked last, so that it holds up nothing else. */
  readonly late: string | undefined
  /** Tables of which nothing was answered, however it was asked: when to look for the reason again. */
  readonly hopeless: ReadonlyMap<Table, Wait>
  readonly pace: Pace
}

export interface Shape {
  /** Ranges that are refused even alone. */
  readonly holes: ReadonlyMap<string, TableRange>
  /** Where a request that came from below was refused, though both parts were answered. */
  readonly cuts: ReadonlyMap<string, Learned>
  /** The most registers or bits that one request is answered with. */
  readonly maxima: ReadonlyMap<Table, Learned>
  /** As measured. */
  readonly cost: ReadCost | undefined
}

/** Good until a time; then it is found out again. */
type Learned = TableRange & { readonly untilMs: number }

export const nothingKnown: Knowledge = {
  shape: { holes: new Map(), cuts: new Map(), maxima: new Map(), cost: undefined },
  holes: noHoles,
  late: undefined,
  hopeless: new Map(),
  pace: {},
}

export type Lesson =
  | { readonly kind: 'answered'; readonly at: TableRange }
  /** Alone, which is as small as it gets. */
  | {
      readonly kind: 'refused'
      readonly at: TableRange
      readonly exception: number
      readonly error: MapperError
    }
  /** Holes that were due and not asked for. */
  | { readonly kind: 'passed over'; readonly keys: readonly string[] }
  /** A read in which nothing was answered says nothing about a range of it. */
  | { readonly kind: 'doubted'; readonly at: TableRange }
  /** No request may come from below `at`. */
  | { readonly kind: 'cut'; readonly at: TableRange; readonly exception: number }
  /** Requests for more than `at.count` are refused because they are that long. */
  | { readonly kind: 'too long'; readonly at: TableRange; readonly exception: number }
  | { readonly kind: 'late'; readonly at: TableRange }
  | { readonly kind: 'hopeless'; readonly table: Table }
  | { readonly kind: 'left alone'; readonly table: Table }
  | {
      readonly kind: 'timed'
      readonly at: TableRange
      readonly ms: number
      readonly inUse: ReadCost
      readonly line?: { readonly registerMs: number; readonly leastMs: number }
    }

const dayMs = 86_400_000
const mostCuts = 256
/** A table that refuses everything is looked into again after this time at the latest. */
const hopelessMs = 60_000

/** The same object if there is nothing new in it. */
export function learn(known: Knowledge, lesson: Lesson, now: number): Knowledge {
  switch (lesson.kind) {
    case 'answered': {
      const { at } = lesson
      if (known.holes.byKey.size === 0 && known.hopeless.size === 0) return known
      const next = withHoles(known, mended(known.holes, at))
      if (!next.hopeless.has(at.table)) return next
      const hopeless = new Map(next.hopeless)
      hopeless.delete(at.table)
      return { ...next, hopeless }
    }
    case 'refused': {
      const { at: range, exception, error } = lesson
      return withHoles(known, refused(known.holes, { range, exception, error }, now))
    }
    case 'passed over':
      return withHoles(known, passedOver(known.holes, lesson.keys))
    case 'doubted':
      return withHoles(known, doubted(known.holes, lesson.at))
    case 'cut': {
      const { table, address } = lesson.at
      const cuts = new Map(known.shape.cuts)
      const at = { table, address, count: 0 }
      cuts.delete(keyOf(at))
      cuts.set(keyOf(at), { ...at, untilMs: until(lesson.exception, now) })
      for (const oldest of cuts.keys()) if (cuts.size > mostCuts) cuts.delete(oldest)
      return { ...known, shape: { ...known.shape, cuts } }
    }
    case 'too long': {
      const { at, exception } = lesson
      const maxima = new Map(known.shape.maxima)
      maxima.set(at.table, { ...at, untilMs: until(exception, now) })
      return { ...known, shape: { ...known.shape, maxima } }
    }
    case 'late':
      return known.late === keyOf(lesson.at) ? known : { ...known, late: keyOf(lesson.at) }
    case 'hopeless': {
      const before = known.hopeless.get(lesson.table)
      const wait = before === undefined ? firstWait(now) : longerWait(before, now)
      return { ...known, hopeless: new Map(known.hopeless).set(lesson.table, wait) }
    }
    case 'left alone': {
      const before = known.hopeless.get(lesson.table)
      if (before === undefined) return known
      const hopeless = new Map(known.hopeless).set(lesson.table, shorterWait(before))
      return { ...known, hopeless }
    }
    case 'timed': {
      const pace = timed(known.pace, registersOf(lesson.at), lesson.ms)
      if (pace === known.pace) return known
      const cost = costOfPace(pace, lesson.line)
      if (cost === undefined || !differs(cost, lesson.inUse)) return { ...known, pace }
      return { ...known, pace, shape: { ...known.shape, cost } }
    }
  }
}

/** Without what was true only for a time. The same object if all is fresh. */
export function forgetStale(known: Knowledge, now: number): Knowledge {
  const { cuts, maxima } = known.shape
  const fresh = ([, { untilMs }]: readonly [unknown, Learned]) => untilMs > now
  if ([...cuts].every(fresh) && [...maxima].every(fresh)) return known
  const shape = {
    ...known.shape,
    cuts: new Map([...cuts].filter(fresh)),
    maxima: new Map([...maxima].filter(fresh)),
  }
  return { ...known, shape }
}

/** Whether it is no time yet to look into why nothing of the table is answered. */
export function isHopeless({ hopeless }: Knowledge, table: Table, now: number): boolean {
  const wait = hopeless.get(table)
  return wait !== undefined && !isOver(wait, now, hopelessMs)
}

export const isLate = ({ late }: Knowledge, request: TableRange): boolean =>
  late !== undefined && late === keyOf(request)

/** What a device calls a failure passes more often than what it calls an address. */
const until = (exception: number, now: number): number =>
  now + (exception === deviceFailure ? 600_000 : dayMs)

function withHoles(known: Knowledge, holes: Holes): Knowledge {
  if (holes === known.holes) return known
  const before = known.holes.byKey
  const same =
    before.size === holes.byKey.size && [...before.keys()].every((key) => holes.byKey.has(key))
  if (same) return { ...known, holes }
  const ranges = new Map([...holes.byKey].map(([key, { range }]) => [key, range]))
  return { ...known, holes, shape: { ...known.shape, holes: ranges } }
}
