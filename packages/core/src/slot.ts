import type { Outcome, Value } from './driver.ts'
import { isEqual } from './is-equal.ts'
import type { ResolvedProperty } from './resolve.ts'

/** A property in its group: what came of it last, by which way. */
export interface Slot {
  readonly property: ResolvedProperty
  /** The last read that had begun when something newer came: what that one saw may be older. */
  overtaken: number
  isWatched: boolean
  /** What its watch said last; and whether that is not taken yet, or was said since the last write began. */
  told: Outcome<Value> | undefined
  isPending: boolean
  isSinceWrite: boolean
  /** While it is doubtful: when the value of the newest read was true. */
  readAt: number | undefined
}

/** What is read together; the visitors stay the same object for the driver's plan. */
export interface Batch {
  readonly slots: readonly Slot[]
  readonly visitors: readonly unknown[]
}

/** As a slot is when its watch begins. */
export const freshWatch = {
  isWatched: true,
  told: undefined,
  isPending: false,
  isSinceWrite: false,
  readAt: undefined,
}

export const slotOf = (property: ResolvedProperty): Slot => ({
  property,
  overtaken: 0,
  ...freshWatch,
  isWatched: false,
})

export const batchOf = (slots: readonly Slot[]): Batch => ({
  slots,
  visitors: slots.map(({ property }) => property.visitor),
})

/** Whether the device itself says that a value was true before a time. */
export const isBefore = (outcome: Outcome<Value>, at: number | undefined): boolean =>
  outcome.ok && outcome.at !== undefined && at !== undefined && outcome.at < at

/** Whether two outcomes say the same, whenever that was. */
export const isSame = (a: Outcome<Value>, b: Outcome<Value>): boolean =>
  a.ok && b.ok ? isEqual(a.value, b.value) : !a.ok && !b.ok && a.error.code === b.error.code
