import { isBits, isRead, isRepeatable, readOf, type Request } from './pdu.ts'

/** A request that may still be answered. */
export interface Debt {
  readonly request: Request
  readonly at: number
  /** Counts up. */
  readonly order: number
}

/** What to ask instead of a request whose answer could be mistaken for a late one. */
export type Guard =
  /** The same read and more; the data starts `skip` bytes later. */
  | { readonly kind: 'wider'; readonly request: Request; readonly skip: number }
  /** A read whose answer shows that everything before it is settled; then the request itself. */
  | { readonly kind: 'probe'; readonly request: Request }

/**
 * What the units of a serial line may still have to say.
 *
 * An RTU answer carries no id and the answer to a read no address, so an answer that comes late looks
 * like the answer to a later request for as many registers, and no waiting time rules that out.
 * What can be known is which answers cannot be told apart. So:
 *
 *  1. A request is owed an answer for a minute, unless it surely got it. That a late answer was seen
 *     ends nothing: it may have been another's, or come twice.
 *  2. An answer is believed only if no request of an older call that is owed one has answers like it.
 *  3. While there is such a debt, a read asks for a register or a few more (a byte more of bits), so
 *     that its answer has a length that nothing owed has. This holds for any delays in any order.
 *  4. Where that cannot be, because the device refuses or the request reads no range, one assumption has
 *     to help: a unit answers in the order it was asked. An answer that may be either's then settles
 *     the oldest request it fits and all before; and a read of another length is asked first, as a
 *     probe, which settles all before it.
 */
export interface Debts {
  /** Records a request as sent. */
  owe(request: Request, now: number): Debt
  /** An answer to `debt`'s request came: whether it is surely its own (rule 2). */
  settle(debt: Debt, exception: boolean): boolean
  /** An answer that is surely `debt`'s own settles all before it, if the unit keeps to the order (rule 4). */
  settleBefore(debt: Debt): void
  /** Whether an answer to this request could be taken for that of an older one. */
  doubtful(request: Request, now: number): boolean
  /** What to ask instead of a doubtful request, if anything is left. */
  guard(request: Request): Guard | undefined
  /** Requests that are owed an answer, the oldest first. */
  owed(): readonly Request[]
}

/** No device is known to answer later; radio modems buffer for seconds. */
export const forgottenAfterMs = 60_000

export function createDebts(): Debts {
  /** Oldest first. */
  let debts: readonly Debt[] = []
  let asked = 0

  const looksOwed = (request: Request, exception: boolean) =>
    debts.some((debt) => debt.request !== request && alike(debt.request, request, exception))

  const oldestLike = (request: Request, exception: boolean) =>
    debts.find((debt) => alike(debt.request, request, exception))

  const settleBefore = ({ order, request: { unit } }: Debt) => {
    debts = debts.filter((debt) => debt.order >= order || debt.request.unit !== unit)
  }
  const remove = (settled: Debt | undefined) => {
    debts = debts.filter((debt) => debt !== settled)
  }

  return {
    owe(request, now) {
      const debt = { request, at: now, order: asked++ }
      debts = [...debts, debt]
      return debt
    },
    settle(debt, exception) {
      const own = !looksOwed(debt.request, exception)
      const oldest = own ? debt : oldestLike(debt.request, exception)
      if (!own && oldest !== undefined) settleBefore(oldest)
      remove(oldest)
      return own
    },
    settleBefore,
    doubtful(request, now) {
      if (debts.some(({ at }) => now - at >= forgottenAfterMs)) {
        debts = debts.filter(({ at }) => now - at < forgottenAfterMs)
      }
      // A doubtful exception to a read can be asked for again; a write is not done twice.
      return (
        looksOwed(request, false) ||
        (!isRepeatable(request.functionCode) && looksOwed(request, true))
      )
    },
    guard: (request) => guards(request).find((guard) => !looksOwed(guard.request, false)),
    owed: () => debts.map(({ request }) => request),
  }
}

/** Whether the same bytes can answer both. */
function alike(one: Request, other: Request, exception: boolean): boolean {
  if (one.unit !== other.unit || one.functionCode !== other.functionCode) return false
  if (exception) return true
  switch (one.shape) {
    case 'echo':
      return one.address === other.address && one.count === other.count
    case 'bits':
    case 'registers':
      return one.answerLength === other.answerLength
    // They tell their own length, so it says nothing about what they answer.
    case 'counted':
    case 'objects':
      return true
  }
}

const steps = Array.from({ length: 16 }, (_, index) => index + 1)

/** The best first: more behind the place, more before it, then less of it. */
function guards({ unit, functionCode, address, count }: Request): readonly Guard[] {
  const read = isRead(functionCode)
  const bits = read ? isBits(functionCode) : functionCode === 5 || functionCode === 15
  const code = read ? functionCode : bits ? 1 : 3
  // One step changes the byte count, by which answers are told apart.
  const step = bits ? 8 : 1
  const most = bits ? 2000 : 125
  const ask = (first: number, many: number) =>
    first >= 0 && many > 0 && many <= most && first + many <= 0x10000
      ? [readOf(unit, code, first, many)]
      : []
  const fewer = [0, ...steps].flatMap((by) => ask(address, count - by * step))
  const behind = steps.flatMap((by) => ask(address, count + by * step))
  const before = steps.flatMap((by) => ask(address - by * step, count + by * step))
  const probes = (requests: readonly Request[]) =>
    requests.map((request) => ({ kind: 'probe' as const, request }))
  if (!read) return probes([...fewer, ...behind])
  const bytes = (first: number) => (bits ? (address - first) / 8 : 2 * (address - first))
  const wider = [...behind, ...before].map((request) => {
    return { kind: 'wider' as const, request, skip: bytes(request.address) }
  })
  return [...wider, ...probes(fewer)]
}
