import { MapperError } from './errors.ts'

/**
 * What is due when, for any number of periodic entries. Each has ideal deadlines, a whole number of
 * periods after its first one, so nothing drifts; deadlines that were missed are skipped, not made up.
 */
export interface Schedule<T> {
  /**
   * First due at `now + phaseMs` (left out: at once), then every `periodMs` (at least 1). An entry that
   * is there already starts afresh.
   */
  add(entry: T, periodMs: number, now: number, phaseMs?: number): void
  delete(entry: T): boolean
  /** When the earliest entry is due, or undefined. */
  next(): number | undefined
  /**
   * All entries due at `now`, the longest waiting first, each at most once however late; the next
   * deadline of each is the first ideal one after `now`.
   */
  due(now: number): T[]
  readonly size: number
}

interface Item<T> {
  readonly entry: T
  readonly periodMs: number
  readonly first: number
  /** Entries with equal deadlines keep the order in which they were added. */
  readonly order: number
  at: number
  place: number
}

export function createSchedule<T extends object>(): Schedule<T> {
  const items = new Map<T, Item<T>>()
  const heap: Item<T>[] = []
  let added = 0

  const put = (item: Item<T>, place: number) => {
    heap[place] = item
    item.place = place
  }

  const rise = (item: Item<T>) => {
    while (item.place > 0) {
      const parent = heap[(item.place - 1) >> 1]
      if (parent === undefined || !isBefore(item, parent)) return
      const { place } = parent
      put(parent, item.place)
      put(item, place)
    }
  }

  const sink = (item: Item<T>) => {
    for (;;) {
      const left = heap[2 * item.place + 1]
      const right = heap[2 * item.place + 2]
      const child = left && right && isBefore(right, left) ? right : left
      if (child === undefined || !isBefore(child, item)) return
      const { place } = child
      put(child, item.place)
      put(item, place)
    }
  }

  const remove = (entry: T) => {
    const item = items.get(entry)
    if (item === undefined) return false
    items.delete(entry)
    const last = heap.pop()
    if (last !== undefined && last !== item) {
      put(last, item.place)
      rise(last)
      sink(last)
    }
    return true
  }

  return {
    add(entry, periodMs, now, phaseMs = 0) {
      const first = now + phaseMs
      if (!(periodMs >= 1) || !Number.isFinite(periodMs) || !Number.isFinite(first)) {
        throw new MapperError('internal', `no schedule: period ${periodMs} ms, first at ${first}`)
      }
      remove(entry)
      const item = { entry, periodMs, first, order: added++, at: first, place: heap.length }
      items.set(entry, item)
      heap.push(item)
      rise(item)
    },
    delete: remove,
    next: () => heap[0]?.at,
    due(now) {
      const due: T[] = []
      for (let item = heap[0]; item !== undefined && item.at <= now; item = heap[0]) {
        due.push(item.entry)
        item.at = deadlineAfter(item, now)
        sink(item)
      }
      return due
    },
    get size() {
      return heap.length
    },
  }
}

/** A phase in [0, periodMs) that depends on the id alone and spreads ids evenly, similar ones too. */
export function phaseOf(id: string, periodMs: number): number {
  // FNV-1a, then a finisher that lets the last characters reach all bits.
  let hash = 0x811c9dc5
  for (let index = 0; index < id.length; index++) {
    hash = Math.imul(hash ^ id.charCodeAt(index), 0x01000193)
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return Math.floor((((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32) * periodMs)
}

const isBefore = <T>(a: Item<T>, b: Item<T>) => a.at < b.at || (a.at === b.at && a.order < b.order)

function deadlineAfter<T>({ first, periodMs }: Item<T>, now: number): number {
  let count = Math.floor((now - first) / periodMs) + 1
  // The quotient is rounded: next to a deadline it may be one off in either direction.
  if (first + (count - 1) * periodMs > now) count--
  else if (first + count * periodMs <= now) count++
  return first + count * periodMs
}
