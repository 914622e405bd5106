/**
 * What waits for a turn, and who is next: urgent work first, else the work of the owner that has had
 * least so far, else what came first. An owner is any object; what it used is forgotten with it.
 */
export interface FairQueue<T> {
  push(item: T, owner: object, urgent: boolean): void
  /** Takes out the next item that is admitted; undefined if there is none. */
  take(admits?: (item: T) => boolean): T | undefined
  /** Adds to what the owner has had, in any one unit. */
  charge(owner: object, cost: number): void
  /** Takes the item out; whether it was there. */
  delete(item: T): boolean
  /** Takes all of them out, or those that are wanted, in the order they came. */
  drain(wants?: (item: T) => boolean): readonly T[]
  readonly size: number
}

interface Entry<T> {
  readonly item: T
  readonly owner: object
  readonly urgent: boolean
}

/** So much urgent work in a row; then something else has its turn, so that nothing waits for ever. */
const mostUrgent = 8

export function createFairQueue<T>(): FairQueue<T> {
  const entries: Entry<T>[] = []
  const had = new WeakMap<object, number>()
  /** What the owner of the last turn had had; who was away does not come back with a credit. */
  let level = 0
  let urgentInRow = 0

  const usedBy = (owner: object) => Math.max(had.get(owner) ?? 0, level)

  const choose = (admits: (item: T) => boolean): number => {
    let best = -1
    let bestUsed = Infinity
    let patient = -1
    for (const [index, { item, owner, urgent }] of entries.entries()) {
      if (!admits(item)) continue
      if (urgent && urgentInRow < mostUrgent) return index
      if (urgent) {
        if (patient === -1) patient = index
        continue
      }
      const used = usedBy(owner)
      if (used >= bestUsed) continue
      best = index
      bestUsed = used
    }
    return best === -1 ? patient : best
  }

  return {
    push: (item, owner, urgent) => void entries.push({ item, owner, urgent }),
    take(admits = () => true) {
      const index = choose(admits)
      const [entry] = index === -1 ? [] : entries.splice(index, 1)
      if (entry === undefined) return undefined
      urgentInRow = entry.urgent ? urgentInRow + 1 : 0
      if (!entry.urgent) {
        level = usedBy(entry.owner)
        had.set(entry.owner, level)
      }
      return entry.item
    },
    charge: (owner, cost) => void had.set(owner, (had.get(owner) ?? level) + cost),
    delete(item) {
      const index = entries.findIndex((entry) => entry.item === item)
      if (index !== -1) entries.splice(index, 1)
      return index !== -1
    },
    drain(wants = () => true) {
      const all = entries.splice(0)
      entries.push(...all.filter(({ item }) => !wants(item)))
      return all.flatMap(({ item }) => (wants(item) ? [item] : []))
    },
    get size() {
      return entries.length
    },
  }
}
