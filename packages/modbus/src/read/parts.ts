import type { ReadRequest, TableRange } from './plan.ts'

/** Where each item of a request lies. */
export type Places = (item: number) => TableRange | undefined

/** Two requests for the lower and the upper half of the items; undefined if all have the same range. */
export function halve(
  request: ReadRequest,
  places: Places,
): readonly [ReadRequest, ReadRequest] | undefined {
  const items = placed(request, places)
  const middle = items.length / 2
  const borders = items.flatMap(({ at }, index) => {
    const before = items[index - 1]?.at
    const differs = before?.address !== at.address || before.count !== at.count
    return before !== undefined && differs ? [index] : []
  })
  const [border] = borders.sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle))
  if (border === undefined) return undefined
  return [spanning(items.slice(0, border)), spanning(items.slice(border))]
}

/**
 * The shortest request across the border between two halves of a request. When both halves are
 * answered and this one too, then no place is at fault, and neither is the border.
 */
export function across(low: ReadRequest, high: ReadRequest, places: Places): ReadRequest {
  const lows = placed(low, places)
  const highs = placed(high, places)
  const start = Math.max(...lows.map(({ at }) => at.address))
  const lowEnd = Math.min(
    ...lows.filter(({ at }) => at.address === start).map(({ at }) => endOf(at)),
  )
  const end = Math.max(lowEnd, Math.min(...highs.map(({ at }) => endOf(at))))
  return spanning([...lows, ...highs].filter(({ at }) => at.address >= start && endOf(at) <= end))
}

/** The beginnings of a request that hold whole items, the shortest first, without the request itself. */
export function beginnings(request: ReadRequest, places: Places): readonly ReadRequest[] {
  const items = placed(request, places)
  const ends = [...new Set(items.map(({ at }) => endOf(at)))].sort((a, b) => a - b)
  return ends
    .map((end) => items.filter(({ at }) => endOf(at) <= end))
    .map(spanning)
    .filter(({ address, count }) => address === request.address && count < request.count)
}

interface Placed {
  readonly item: number
  readonly at: TableRange
}

const endOf = ({ address, count }: TableRange) => address + count

const placed = (request: ReadRequest, places: Places): readonly Placed[] =>
  request.items
    .flatMap((item) => {
      const at = places(item)
      return at === undefined ? [] : [{ item, at }]
    })
    .sort((a, b) => a.at.address - b.at.address || b.at.count - a.at.count)

function spanning(items: readonly Placed[]): ReadRequest {
  const address = Math.min(...items.map(({ at }) => at.address))
  const end = Math.max(...items.map(({ at }) => endOf(at)))
  return {
    table: items[0]?.at.table ?? 'holding',
    address,
    count: end - address,
    items: items.map(({ item }) => item),
  }
}
