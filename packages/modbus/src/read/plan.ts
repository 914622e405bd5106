import { MapperError } from '@mapper-sdk/core'
import type { Table } from '../link/link.ts'

/** `count` registers or bits of a table, from `address` on. */
export interface TableRange {
  readonly table: Table
  readonly address: number
  readonly count: number
}

/** A value to read. It is never split across requests. */
export type ReadItem = TableRange

/** One request, and the items that its answer holds, as indexes into what was planned. */
export interface ReadRequest extends TableRange {
  readonly items: readonly number[]
}

export interface ReadLimits {
  /** The most registers of one request. */
  readonly maxRegisters: number
  /** The most coils or discrete inputs of one request. */
  readonly maxBits: number
  /** The most unused registers in a row that a request may read along; 16 bits count as one. */
  readonly maxGap: number
  /** Lower maxima of single tables. */
  readonly maxOf?: Readonly<Partial<Record<Table, number>>>
  /**
   * What no request may touch, not even to read it along. A range of no registers is a border between
   * two registers, which no request may cross.
   */
  readonly avoid?: readonly TableRange[]
}

/** What requests cost, in any one unit. */
export interface ReadCost {
  /** Of a request, whatever its length: frames, silence between them, the time the device takes. */
  readonly request: number
  /** Of each register it asks for; a bit costs a sixteenth. */
  readonly register: number
}

/**
 * The cheapest requests that read all items, under the limits. Duplicates, overlaps and neighbours
 * share a request; a gap is read along where that is cheaper than one more request. An item that is
 * longer than `maxOf` or touches what is to be avoided is asked for exactly as it is, since it can be
 * read in no other way; items inside it come along. Takes O(n log n) time. The requests come in
 * ascending order of table and address.
 * Throws `invalid_config` if an item is longer than any request may be.
 */
export function planReads(
  items: readonly ReadItem[],
  limits: ReadLimits,
  cost: ReadCost,
): readonly ReadRequest[] {
  return tables.flatMap((table) => {
    const spans = spansOf(items, table)
    if (spans.length === 0) return []
    const rules = rulesOf(table, limits, cost)
    refuseTooLong(table, spans, rules.longest)
    const { alone, free } = separate(spans, rules)
    return [...alone.map((span) => requestOf(table, [span])), ...plan(table, free, rules)].sort(
      (a, b) => a.address - b.address || b.count - a.count,
    )
  })
}

/** What the requests cost. */
export const costOf = (requests: readonly TableRange[], cost: ReadCost): number =>
  requests.reduce((sum, range) => sum + cost.request + cost.register * registersOf(range), 0)

/** How many registers an answer for the range is worth. */
export const registersOf = ({ table, count }: TableRange): number =>
  isBitTable(table) ? count / 16 : count

export const isBitTable = (table: Table): boolean => table === 'coil' || table === 'discrete'

const tables: readonly Table[] = ['coil', 'discrete', 'input', 'holding']

interface Rules {
  readonly longest: number
  readonly most: number
  readonly maxGap: number
  readonly perRequest: number
  readonly perUnit: number
  /** Whether a request from `start` to before `end` touches what is to be avoided. */
  readonly touches: (start: number, end: number) => boolean
}

function rulesOf(table: Table, limits: ReadLimits, cost: ReadCost): Rules {
  const isBit = isBitTable(table)
  const longest = isBit ? limits.maxBits : limits.maxRegisters
  return {
    longest,
    most: Math.min(longest, limits.maxOf?.[table] ?? longest),
    maxGap: isBit ? limits.maxGap * 16 : limits.maxGap,
    perRequest: cost.request,
    perUnit: isBit ? cost.register / 16 : cost.register,
    touches: touching((limits.avoid ?? []).filter((range) => range.table === table)),
  }
}

/** Ranges by their start, with how far those up to each of them reach: two looks tell. */
function touching(ranges: readonly TableRange[]): Rules['touches'] {
  if (ranges.length === 0) return () => false
  const sorted = [...ranges].sort((a, b) => a.address - b.address)
  const starts = sorted.map(({ address }) => address)
  let reach = -1
  const reaches = sorted.map(({ address, count }) => (reach = Math.max(reach, address + count)))
  return (start, end) => {
    let low = 0
    let high = starts.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((starts[middle] ?? 0) < end) low = middle + 1
      else high = middle
    }
    return low > 0 && (reaches[low - 1] ?? -1) > start
  }
}

/** A range that must lie within one request, with all items inside it. */
interface Span {
  readonly start: number
  readonly end: number
  readonly items: number[]
}

/** One span for each range that is asked for: by start, of those with the same start the longest first. */
function spansOf(items: readonly ReadItem[], table: Table): readonly Span[] {
  const spans: Span[] = []
  const order = [...items.entries()]
    .filter(([, item]) => item.table === table)
    .sort(([, a], [, b]) => a.address - b.address || b.count - a.count)
  for (const [index, { address: start, count }] of order) {
    const last = spans.at(-1)
    if (last?.start === start && last.end === start + count) last.items.push(index)
    else spans.push({ start, end: start + count, items: [index] })
  }
  return spans
}

function refuseTooLong(table: Table, spans: readonly Span[], longest: number): void {
  const span = spans.find(({ start, end }) => end - start > longest)
  if (span === undefined) return
  throw new MapperError(
    'invalid_config',
    `${table} ${span.start}: ${span.end - span.start} in one value, but a request may ask for ${longest}`,
  )
}

/**
 * Those that have to be asked for exactly as they are, and the rest. What lies inside one of them, or
 * of the rest, comes along for free and is no span of its own any more; so both the starts and the
 * ends of `free` ascend strictly.
 */
function separate(spans: readonly Span[], rules: Rules) {
  const alone: Span[] = []
  const free: Span[] = []
  for (const span of spans) {
    const { start, end, items } = span
    const over = [alone.at(-1), free.at(-1)].find(
      (other) => other !== undefined && other.end >= end,
    )
    const isAlone = end - start > rules.most || rules.touches(start, end)
    // What has to be alone can only be inside another such span: a free one touches nothing.
    if (over !== undefined) over.items.push(...items)
    else (isAlone ? alone : free).push(span)
  }
  return { alone, free }
}

/** The cheapest requests for free spans, run by run: a run is what requests may join. */
function plan(table: Table, spans: readonly Span[], rules: Rules): readonly ReadRequest[] {
  const runs: Span[][] = []
  let last: Span | undefined
  for (const span of spans) {
    const apart =
      last === undefined ||
      span.start - last.end > rules.maxGap ||
      rules.touches(last.start, span.end)
    if (apart) runs.push([span])
    else runs.at(-1)?.push(span)
    last = span
  }
  return runs.flatMap((run) => cheapest(table, run, rules))
}

/**
 * Splits a run of spans into requests of least cost. Some cheapest plan cuts the run into consecutive
 * pieces: an item between two others of a request, but in another request, must end behind them, so
 * they can move over to that one for free. So with best(j) = the least cost of the first j spans,
 *
 *     best(j) = min over i < j of best(i) + request + register × (end(j-1) - start(i))
 *
 * where i is near enough that the piece is not too long. That bound only ever moves up, so the
 * least best(i) - register × start(i) of the window is kept at the head of a queue.
 */
function cheapest(table: Table, spans: readonly Span[], rules: Rules): readonly ReadRequest[] {
  const first: number[] = []
  const window: { readonly from: number; readonly start: number; readonly rest: number }[] = []
  let head = 0
  let best = 0
  spans.forEach(({ start, end }, index) => {
    const rest = best - rules.perUnit * start
    while (window.length > head && (window.at(-1)?.rest ?? 0) > rest) window.pop()
    window.push({ from: index, start, rest })
    while (end - (window[head]?.start ?? 0) > rules.most) head++
    const choice = window[head]
    best = (choice?.rest ?? 0) + rules.perRequest + rules.perUnit * end
    first.push(choice?.from ?? index)
  })
  const requests: ReadRequest[] = []
  for (let last = spans.length - 1; last >= 0;) {
    const from = first[last] ?? last
    requests.push(requestOf(table, spans.slice(from, last + 1)))
    last = from - 1
  }
  return requests.reverse()
}

function requestOf(table: Table, spans: readonly Span[]): ReadRequest {
  const start = spans[0]?.start ?? 0
  const end = spans.at(-1)?.end ?? start
  return {
    table,
    address: start,
    count: end - start,
    items: spans.flatMap(({ items }) => items),
  }
}
