/** Addresses from … to, both included. */
export interface AddressRange {
  readonly from: number
  readonly to: number
}

export interface RangeSearch extends AddressRange {
  /** One address in so many is tried, so that no range of at least this length is missed. */
  readonly step: number
  /** The most addresses that one request may ask for. */
  readonly most: number
  /** Whether the device answers a request for these addresses. Its rejection ends the search. */
  readonly readable: (address: number, count: number) => Promise<boolean>
  /** Told once per range, not always in ascending order. Not complete: the search ended in the middle of it. */
  readonly onRange: (range: AddressRange, complete: boolean) => void
  /** How far the search is. */
  readonly onAddress?: (address: number) => void
}

/**
 * Finds what can be read between two addresses: tries every `step`th one, and measures what is around
 * each hit by halving. Two ranges may touch: then both can be read, but no request across the seam. A
 * device that answers fewer addresses in a request than `most` is found out and taken as it is.
 *
 * Takes one request per `step` addresses; per range about two for each halving of `step` and `most`,
 * and one for each `most` addresses in it.
 */
export async function findRanges(search: RangeSearch): Promise<void> {
  const { from, to, step, readable, onRange, onAddress } = search
  let { most } = search
  /** The range that is being measured, as far as it is known. */
  let open: AddressRange | undefined

  /** The most addresses from `edge` on, in one direction, that one request gets; `edge` alone is known to be good. */
  async function longest(edge: number, room: number, direction: 1 | -1): Promise<number> {
    const get = (count: number) => readable(direction > 0 ? edge : edge - count + 1, count)
    if (await get(room)) return room
    let [good, bad] = [1, room]
    while (bad - good > 1) {
      const middle = (good + bad) >> 1
      if (await get(middle)) good = middle
      else bad = middle
    }
    return good
  }

  /** Moves one end of the open range as far as it goes. Requests overlap, so that no seam is missed. */
  async function grow(
    range: AddressRange,
    bound: number,
    direction: 1 | -1,
  ): Promise<AddressRange> {
    const at = (edge: number) => (direction > 0 ? { ...range, to: edge } : { ...range, from: edge })
    let edge = direction > 0 ? range.to : range.from
    while (edge !== bound) {
      const room = Math.min(most, Math.abs(bound - edge) + 1)
      if (room < 2) break
      const count = await longest(edge, room, direction)
      edge += direction * (count - 1)
      open = at(edge)
      if (count === room) continue
      // One more was refused. If the next address and this one go together, it was the length.
      if (count === 1 || !(await readable(direction > 0 ? edge : edge - 1, 2))) break
      most = count
    }
    return at(edge)
  }

  async function measure(hit: number, lowest: number, highest: number): Promise<AddressRange> {
    const start = { from: hit, to: hit }
    open = start
    const range = await grow(await grow(start, lowest, -1), highest, 1)
    open = undefined
    onRange(range, true)
    return range
  }

  try {
    // Below it everything is known.
    let floor = from
    for (let at = from; at <= to; at = (Math.floor(at / step) + 1) * step) {
      onAddress?.(at)
      if (at < floor) continue
      const lowest = floor
      floor = at + 1
      if (!(await readable(at, 1))) continue
      let { from: start, to: end } = await measure(at, lowest, to)
      while (end < to && (await readable(end + 1, 1))) {
        end = (await measure(end + 1, end + 1, to)).to
      }
      floor = end + 2
      while (start > lowest && (await readable(start - 1, 1))) {
        start = (await measure(start - 1, lowest, start - 1)).from
      }
    }
  } catch (thrown) {
    if (open !== undefined) onRange(open, false)
    throw thrown
  }
}
