/** The same function, worked out once for each object it is asked about. */
export function memoize<K extends object, V extends object>(work: (key: K) => V): (key: K) => V {
  const known = new WeakMap<K, V>()
  return (key) => {
    const kept = known.get(key) ?? work(key)
    known.set(key, kept)
    return kept
  }
}
