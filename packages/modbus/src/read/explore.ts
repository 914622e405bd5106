import type { MapperError } from '@mapper-sdk/core'
import type { Table } from '../link/link.ts'
import type { Asking, Result } from './ask.ts'
import type { Lesson } from './knowledge.ts'
import { across, beginnings, halve, type Places } from './parts.ts'
import type { ReadRequest } from './plan.ts'

export interface Refusal {
  readonly request: ReadRequest
  readonly exception: number
  readonly error: MapperError
}

export interface Exploring {
  readonly asking: Asking
  readonly places: Places
  /** Requests for some items, by what is known now. */
  readonly plan: (items: readonly number[]) => readonly ReadRequest[]
  readonly teach: (lesson: Lesson) => void
  /** No look into a table that is known to refuse everything. */
  readonly isHopeless: (table: Table) => boolean
  /** How often that was in vain before. */
  readonly triesBefore: (table: Table) => number
  /** Whether the read has taken too long already. */
  readonly isLate: () => boolean
}

/** How many requests one read may spend on finding out what of the refused ranges is good. */
const mostExtra = 64
/**
 * So many halvings of ranges of a table without any answer, and it is taken for the device that is at
 * fault, not some of the places. Each later try goes further, and another way.
 */
const mostInVain = 16

/**
 * Finds out what of refused ranges is good, and why they were refused: a place in them, the border
 * between two places, or their length. A range is halved until what is refused stands alone. If both
 * halves are answered, it is asked for once more, since a refusal may pass; then across the border;
 * and if that is no reason either, its length is, and the longest beginning that is answered tells
 * the device's maximum. What is left when the read has spent enough waits for the next one.
 */
export async function explore(refusals: readonly Refusal[], on: Exploring): Promise<void> {
  const { asking, places, teach } = on
  const rest = [...refusals].reverse()
  const inVain = new Map<Table, number>()
  const longest = new Map<Table, number>()
  let extra = mostExtra
  let turn = 0

  const ask = async (request: ReadRequest): Promise<Result> => {
    const result = await asking.ask(request)
    const { table, count } = request
    if (result.kind === 'answered') longest.set(table, Math.max(longest.get(table) ?? 0, count))
    return result
  }
  const spend = (request: ReadRequest) => {
    extra--
    return ask(request)
  }
  /** Asks for a half as what is known allows, mostly in one. Whether it was answered, and what is refused of it. */
  const askHalf = async ({ items }: ReadRequest) => {
    const parts = on.plan(items)
    const refused: Refusal[] = []
    let answered = 0
    for (const request of parts) {
      const result = await spend(request)
      if (result.kind === 'answered') answered++
      if (result.kind === 'refused') refused.push({ request, ...result })
    }
    return { isWhole: parts.length === 1 && answered === 1, refused }
  }

  const isInVain = (table: Table) =>
    !asking.answered(table) && (inVain.get(table) ?? 0) >= mostInVain * (1 + on.triesBefore(table))

  for (let next; (next = pick(rest, asking, turn++)) !== undefined;) {
    const { request, exception, error } = next
    const { table } = request
    if (asking.stopped !== undefined || extra <= 0 || on.isLate()) break
    if (on.isHopeless(table) || isInVain(table)) continue
    // What was learned since may be the reason already.
    const parts = on.plan(request.items)
    if (parts.length !== 1) {
      for (const part of parts) {
        const result = await ask(part)
        if (result.kind === 'refused') rest.push({ request: part, ...result })
      }
      continue
    }
    const halves = halve(request, places)
    if (halves === undefined) {
      teach({ kind: 'refused', at: request, exception, error })
      continue
    }
    inVain.set(table, (inVain.get(table) ?? 0) + 1)
    const [low, high] = [await askHalf(halves[0]), await askHalf(halves[1])]
    if (low.isWhole && high.isWhole) await explain(next, ...halves)
    const isHighFirst = ((on.triesBefore(table) >> (turn & 7)) & 1) === 1
    const [first, second] = isHighFirst ? [high, low] : [low, high]
    rest.push(...second.refused, ...first.refused)
  }
  for (const table of inVain.keys()) {
    if (!asking.answered(table)) teach({ kind: 'hopeless', table })
  }

  /** Why the request was refused although both its halves are answered. */
  async function explain({ request, exception }: Refusal, low: ReadRequest, high: ReadRequest) {
    // One value with others inside it is asked for as it is; its halves are no smaller.
    if (Math.max(low.count, high.count) === request.count) return
    if ((await spend(request)).kind !== 'refused') return
    const known = () => longest.get(request.table) ?? 0
    const cut: Lesson = { kind: 'cut', at: high, exception }
    const middle = across(low, high, places)
    // Where the length may be a reason as well, the border is blamed: that costs least if it is wrong.
    if (known() >= request.count || middle.count > known()) return teach(cut)
    const crossed = await spend(middle)
    if (crossed.kind === 'refused') return teach(cut)
    if (crossed.kind !== 'answered') return
    const longer = beginnings(request, places).filter(({ count }) => count > known())
    let from = 0
    let to = longer.length
    while (from < to) {
      const at = (from + to) >> 1
      const candidate = longer[at]
      const result = candidate && (await spend(candidate))
      if (result?.kind === 'answered') from = at + 1
      else if (result?.kind === 'refused') to = at
      else return
    }
    teach({ kind: 'too long', at: { ...request, count: known() }, exception })
  }
}

/**
 * Takes the refusal that is looked into next: the last, so that each range is done with before the
 * next. As long as nothing of its table is answered, by turns the widest and the narrowest: many
 * places at fault are told from a device at fault sooner by looking both around and close.
 */
function pick(rest: Refusal[], asking: Asking, turn: number): Refusal | undefined {
  const last = rest.at(-1)
  if (last === undefined || asking.answered(last.request.table)) return rest.pop()
  const sign = turn % 2 === 0 ? 1 : -1
  const size = ({ request }: Refusal) => sign * request.items.length
  const most = Math.max(...rest.map(size))
  const [picked] = rest.splice(
    rest.findLastIndex((each) => size(each) === most),
    1,
  )
  return picked
}
