/**
 * Transaction ids for datagrams. The network may hold a datagram back or deliver it twice, so an id
 * rests for a minute after its last use: until then something may still arrive that bears it.
 */
export interface DatagramIds {
  /** The next id that nothing can bear any more, 1 … 65535; undefined while there is none. */
  take(now: number): number | undefined
  /** The call with this id is over. Its rest begins. */
  release(id: number, now: number): void
  /** When `take` finds an id again. */
  freeAt(): number
}

/** No datagram is known to live longer. It bounds a link to some 1000 requests a second, day and night. */
export const restMs = 60_000

const blocks = 256

/** `inFlight` are the ids of calls that are not over. Ids rest in blocks of 256, by the last use in each. */
export function datagramIds(inFlight: { has(id: number): boolean }): DatagramIds {
  const usedAt = new Float64Array(blocks).fill(-Infinity)
  let last = 0
  const after = (id: number) => (id % 0xffff) + 1

  return {
    take(now) {
      for (let id = after(last); ; id = after(id)) {
        const block = id >> 8
        const isFirst = (id & 0xff) === 0 || id === 1
        if (isFirst && now - (usedAt[block] ?? 0) < restMs) return undefined
        if (inFlight.has(id)) continue
        usedAt[block] = now
        return (last = id)
      }
    },
    release: (id, now) => void (usedAt[id >> 8] = now),
    freeAt: () => (usedAt[after(last) >> 8] ?? 0) + restMs,
  }
}
