/**
 * A map of a few entries that come and go all the time. The tables of a real one are made anew every few
 * entries, and an old table that the garbage collector has not found yet keeps the newer ones alive.
 */
export interface SmallMap<V> extends SmallMapView<V> {
  set(key: number, value: V): void
  delete(key: number): boolean
  clear(): void
}

export interface SmallMapView<V> {
  get(key: number): V | undefined
  has(key: number): boolean
  /** As they are now; later changes do not show. */
  keys(): readonly number[]
  entries(): readonly (readonly [number, V])[]
  readonly size: number
}

export function createSmallMap<V>(): SmallMap<V> {
  const keys: number[] = []
  const values: V[] = []
  return {
    get: (key) => values[keys.indexOf(key)],
    has: (key) => keys.includes(key),
    keys: () => [...keys],
    entries: () => values.map((value, index) => [keys[index] ?? 0, value]),
    set(key, value) {
      const index = keys.indexOf(key)
      if (index !== -1) values[index] = value
      else {
        keys.push(key)
        values.push(value)
      }
    },
    delete(key) {
      const index = keys.indexOf(key)
      if (index === -1) return false
      keys.splice(index, 1)
      values.splice(index, 1)
      return true
    },
    clear() {
      keys.length = 0
      values.length = 0
    },
    get size() {
      return keys.length
    },
  }
}
