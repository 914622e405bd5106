import { errorPolicies, type ErrorCode } from './errors.ts'

/** How something ended: well, or with an error of this code. */
export type Result = 'good' | ErrorCode

/** The calls to EdgeCore that are counted apart. */
export type EdgeCall = 'register' | 'twins' | 'state'

/** Why a report did not leave: EdgeCore will not take the twin, or no text of it can be told. */
export type DropReason = 'refused' | 'text'

/** The upper bounds of the classes that durations of reads are counted in, in ms. */
export const readBoundsMs = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000] as const

/** What a mapper has done since it started, in numbers that only grow. */
export interface ActivityCounts {
  /** Readings of properties, one by one. */
  readonly reads: Readonly<Record<Result, number>>
  /** Calls of the driver that read: how long they took. */
  readonly readCalls: {
    /** One per bound of `readBoundsMs`, and one for whatever took longer. */
    readonly classes: readonly number[]
    readonly totalMs: number
  }
  readonly writes: Readonly<Record<Result, number>>
  readonly edgeCalls: Readonly<Record<EdgeCall, Readonly<Record<Result | 'throttled', number>>>>
  readonly dropped: Readonly<Record<DropReason, number>>
}

/** Counts. Asked for after every reading, so that all of it is a plain addition. */
export interface Activity {
  read(result: Result): void
  readTook(ms: number): void
  wrote(result: Result): void
  asked(call: EdgeCall, result: Result | 'throttled'): void
  dropped(reason: DropReason, count: number): void
  readonly counts: ActivityCounts
}

export function createActivity(): Activity {
  const reads = zeros()
  const writes = zeros()
  const calls = () => ({ ...zeros(), throttled: 0 })
  const edgeCalls = { register: calls(), twins: calls(), state: calls() }
  const dropped = { refused: 0, text: 0 }
  const readCalls = { classes: [...readBoundsMs.map(() => 0), 0], totalMs: 0 }
  return {
    read(result) {
      reads[result]++
    },
    readTook(ms) {
      const found = readBoundsMs.findIndex((bound) => ms <= bound)
      const index = found === -1 ? readBoundsMs.length : found
      readCalls.classes[index] = (readCalls.classes[index] ?? 0) + 1
      readCalls.totalMs += ms
    },
    wrote(result) {
      writes[result]++
    },
    asked(call, result) {
      edgeCalls[call][result]++
    },
    dropped(reason, count) {
      dropped[reason] += count
    },
    counts: { reads, readCalls, writes, edgeCalls, dropped },
  }
}

const zeros = () =>
  Object.fromEntries(['good', ...Object.keys(errorPolicies)].map((code) => [code, 0])) as Record<
    Result,
    number
  >
