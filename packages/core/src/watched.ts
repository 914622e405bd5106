import type { Outcome, Value, Watch } from './driver.ts'
import { MapperError } from './errors.ts'
import type { Logger } from './log.ts'
import type { ResolvedProperty } from './resolve.ts'
import { batchOf, freshWatch, isBefore, isSame, type Batch, type Slot } from './slot.ts'
import type { Clock } from './time.ts'

/**
 * What the watch of a group says, and what of the group is read all the same.
 *
 * The last word of a watch is right, at the latest with its next one. But it never mentions a value that
 * was gone before it looked, so a value that was read may stand for ever although it is long wrong. Such
 * a value is shown after a write. So a property that was written is doubtful: it is read in each cycle
 * until the watch speaks again, or until a read finds what the watch said last. From then on its last
 * word is shown again.
 */
export interface Watched {
  /** A watch begins, all is watched: here it speaks. */
  begin(): Watch
  /** It is over. What it said in this very tick still counts. */
  end(): void
  /** What it cannot watch and what is doubtful; the same object as long as the set is the same. */
  readonly toRead: Batch
  /** Why the connection works on its link, if it does. */
  readonly interruption: MapperError | undefined
  /** The write of a slot is over; false: the watch has told something newer than the read-back. */
  written(slot: Slot, back: Outcome<Value> | undefined): boolean
  /** A slot was read, and nothing newer was known. */
  read(slot: Slot, outcome: Outcome<Value>): void
}

export interface WatchedOptions {
  readonly slots: readonly Slot[]
  readonly clock: Clock
  readonly logger: Logger
  /** The last read that has begun. */
  readonly reads: () => number
  /** What is newest of a property, known at `now` (wall ms). */
  readonly take: (property: ResolvedProperty, outcome: Outcome<Value>, now: number) => void
  /** Before what a tick brought is taken. */
  readonly onHeard: () => void
  /** `toRead` has changed; `isUnread`: by properties that nothing is known of. */
  readonly onToRead: (isUnread: boolean) => void
  /** After all that a tick brought. */
  readonly onNews: () => void
}

const nothing = batchOf([])

/**
 * A change that comes sooner after others may not be reported yet anyway. It is worked off this much later
 * at most, with all that came meanwhile, so that thousands of changes a second cost little.
 */
const mostHoldMs = 250

export function createWatched(options: WatchedOptions): Watched {
  const { slots, clock, logger } = options
  let interruption: MapperError | undefined
  let instead = nothing
  let toRead = nothing
  const doubtful = new Set<Slot>()
  /** Told and not worked off yet: the slots, and whether some were given back. */
  const pending: Slot[] = []
  let hasMoved = false
  let isScheduled = false
  /** Not more often than the first of the properties may be reported. */
  const holdMs = Math.min(mostHoldMs, ...slots.map(({ property }) => property.reportMs))
  let workedOffAt = -Infinity
  let cancelHold: (() => void) | undefined
  let endWatch: () => void = () => undefined

  const setToRead = (isUnread: boolean) => {
    toRead =
      doubtful.size === 0
        ? instead
        : batchOf(slots.filter((one) => !one.isWatched || doubtful.has(one)))
    options.onToRead(isUnread)
  }

  const believe = (slot: Slot) => {
    if (doubtful.delete(slot)) setToRead(false)
  }

  const takePending = () => {
    if (pending.length === 0) return
    options.onHeard()
    const now = clock.wall()
    for (const slot of pending) {
      slot.isPending = false
      const { told } = slot
      // Of the time before the write, as the device itself says. It stays doubtful, so nothing is lost.
      if (told === undefined || (doubtful.has(slot) && isBefore(told, slot.readAt))) continue
      slot.overtaken = options.reads()
      try {
        options.take(slot.property, told, now)
      } catch (thrown) {
        // No outcome at all: the bug of a driver, which must not take the process down.
        options.take(slot.property, { ok: false, error: MapperError.from(thrown) }, now)
      }
      believe(slot)
    }
    pending.length = 0
  }

  const takeMoved = () => {
    if (!hasMoved) return
    hasMoved = false
    instead = batchOf(slots.filter((one) => !one.isWatched))
    setToRead(true)
  }

  const workOff = () => {
    isScheduled = false
    cancelHold?.()
    cancelHold = undefined
    workedOffAt = clock.now()
    takePending()
    takeMoved()
    options.onNews()
  }

  /** Whatever is told in one tick is worked off together: a burst has thousands of changes. */
  const workOffSoon = () => {
    if (isScheduled) return
    isScheduled = true
    queueMicrotask(workOff)
  }

  const schedule = () => {
    if (isScheduled || cancelHold !== undefined) return
    const heldMs = workedOffAt + holdMs - clock.now()
    if (heldMs > 0) cancelHold = clock.after(heldMs, workOff)
    else workOffSoon()
  }

  return {
    begin() {
      let isLive = true
      let hasStrayed = false
      const stray = (what: string, index?: number) => {
        if (!hasStrayed) logger.debug({ index }, `${what}: ignored`)
        hasStrayed = true
      }
      endWatch = () => (isLive = false)
      for (const slot of slots) Object.assign(slot, freshWatch)
      return {
        changed(index, outcome) {
          const slot = slots[index]
          if (!isLive || slot === undefined) {
            return stray('a change that belongs to no watched property', index)
          }
          slot.told = outcome
          slot.isSinceWrite = true
          if (slot.isPending) return
          slot.isPending = true
          pending.push(slot)
          schedule()
        },
        readInstead(indexes) {
          if (!isLive) return stray('a watch that is over gives properties back')
          for (const index of indexes) {
            const slot = slots[index]
            if (slot === undefined) stray('a visitor that is not there is given back', index)
            else if (slot.isWatched) {
              slot.isWatched = false
              doubtful.delete(slot)
              hasMoved = true
            }
          }
          if (hasMoved) workOffSoon()
        },
        interrupted(error) {
          if (!isLive) return stray('a watch that is over speaks of its link')
          interruption = error === undefined ? undefined : MapperError.from(error, 'unreachable')
          workOffSoon()
        },
      }
    },
    end() {
      cancelHold?.()
      cancelHold = undefined
      takePending()
      endWatch()
      for (const slot of slots) slot.isWatched = false
      doubtful.clear()
      hasMoved = false
      interruption = undefined
      instead = toRead = nothing
    },
    get toRead() {
      return toRead
    },
    get interruption() {
      return interruption
    },
    written(slot, back) {
      takePending()
      slot.overtaken = options.reads()
      if (!slot.isWatched) return true
      slot.readAt = back?.ok === true ? back.at : undefined
      if (!doubtful.has(slot)) {
        doubtful.add(slot)
        setToRead(false)
      }
      const { told, isSinceWrite } = slot
      // Somebody else changed it meanwhile, and the watch knew before the read-back was here.
      return !(isSinceWrite && told?.ok === true && back?.ok === true && isBefore(back, told.at))
    },
    read(slot, outcome) {
      if (!doubtful.has(slot)) return
      slot.readAt = outcome.ok ? outcome.at : undefined
      if (slot.told !== undefined && isSame(slot.told, outcome)) believe(slot)
    },
  }
}
