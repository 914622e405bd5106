import { MapperError } from '@mapper-sdk/core'
import type { Table } from '../link/link.ts'

/** A value to read: `count` registers or bits from `address`. It is never split across requests. */
export interface ReadItem {
  readonly table: Table
  readonly address: number
  readonly count: number
}

/** One request, and the items that its answer holds, as indexes into what was planned. */
export interface ReadRequest extends ReadItem {
  readonly items: readonly number[]
}

export interface ReadLimits {
  /** The most registers of one request. */
  readonly maxRegisters: number
  /** The most coils or discrete inputs of one request. */
  readonly maxBits: number
  /** The most unused registers in a row that a request may read along; 16 bits count as one. */
  readonly maxGap: number
}

/** What requests cost, in any one unit. */
export interface ReadCost {
  /** Of a request, whatever its length: frames, silence between them, the time the device takes. */
  readonly request: number
  /** Of each register it asks for; a bit costs a sixteenth. */
  readonly register: number
}

/** What an item may share a request with: anything, nothing that starts below it, or nothing at all. */
export type Bond = 'free' | 'cut' | 'alone'

/**
 * The cheapest requests that read all items, under the limits. Duplicates, overlaps and neighbours
 * share a request; a gap is read along where that is cheaper than one more request. Takes
 * O(n log n) time. The requests come in ascending order of table and address.
 * Throws `invalid_config` if an item is longer than a request may be.
 */
export function planReads(
  items: readonly ReadItem[],
  limits: ReadLimits,
  cost: ReadCost,
  bond: (item: ReadItem) => Bond = () => 'free',
): readonly ReadRequest[] {
  return tables.flatMap((table) => {
    const isBit = table === 'coil' || table === 'discrete'
    const rules: Rules = {
      most: isBit ? limits.maxBits : limits.maxRegisters,
      maxGap: isBit ? limits.maxGap * 16 : limits.maxGap,
      perRequest: cost.request,
      perUnit: isBit ? cost.register / 16 : cost.register,
    }
    return spansOf(items, table, rules, bond).flatMap((spans) => cheapest(spans, rules))
  })
}

/** What the requests cost. */
export const costOf = (requests: readonly ReadItem[], cost: ReadCost): number =>
  requests.reduce((sum, { table, count }) => {
    const registers = table === 'coil' || table === 'discrete' ? count / 16 : count
    return sum + cost.request + cost.register * registers
  }, 0)

const tables: readonly Table[] = ['coil', 'discrete', 'input', 'holding']

interface Rules {
  readonly most: number
  readonly maxGap: number
  readonly perRequest: number
  readonly perUnit: number
}

/** A range that must lie within one request, with all items inside it. */
interface Span {
  readonly table: Table
  readonly start: number
  readonly end: number
  readonly items: number[]
}

/**
 * The items of a table as runs of spans that requests may join. Inside a run both the starts and the
 * ends of the spans ascend strictly, because an item inside another one comes along for free.
 */
function spansOf(
  items: readonly ReadItem[],
  table: Table,
  rules: Rules,
  bond: (item: ReadItem) => Bond,
): readonly (readonly Span[])[] {
  const order = [...items.entries()]
    .filter(([, item]) => item.table === table)
    .sort(([, a], [, b]) => a.address - b.address || b.count - a.count)
  const runs: Span[][] = []
  let run: Span[] = []
  let lastBond: Bond = 'cut'
  for (const [index, item] of order) {
    const { address: start, count } = item
    if (count > rules.most) {
      throw new MapperError(
        'invalid_config',
        `${table} ${start}: ${count} in one value, but a request may ask for ${rules.most}`,
      )
    }
    const last = run.at(-1)
    const here = bond(item)
    const same = last?.start === start && last.end === start + count
    const inside = last !== undefined && start + count <= last.end
    const free = here === 'free' && lastBond !== 'alone'
    if (same || (inside && free)) {
      last?.items.push(index)
      continue
    }
    if (last === undefined || !free || start - last.end > rules.maxGap) runs.push((run = []))
    run.push({ table, start, end: start + count, items: [index] })
    lastBond = here
  }
  return runs
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
function cheapest(spans: readonly Span[], rules: Rules): readonly ReadRequest[] {
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
    requests.push(requestOf(spans.slice(from, last + 1)))
    last = from - 1
  }
  return requests.reverse()
}

function requestOf(spans: readonly Span[]): ReadRequest {
  const start = spans[0]?.start ?? 0
  const end = spans.at(-1)?.end ?? start
  return {
    table: spans[0]?.table ?? 'holding',
    address: start,
    count: end - start,
    items: spans.flatMap(({ items }) => items),
  }
}
