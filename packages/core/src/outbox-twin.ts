/** A twin as the mapper has it, texts ready to leave. */
export interface TwinText {
  readonly reported: string
  readonly observedDesired: string
}

/** One twin in the outbox. */
export interface Twin {
  text: TwinText
  told: TwinText | undefined
  toldAt: number
  /** Since when the cloud should know better; undefined if it need not. */
  since: number | undefined
  /** The outcome of a desired write: goes first, and waits for no report cycle. */
  urgent: boolean
  reportMs: number
  /** Why EdgeCore would not take the text as it is, and until when it is not asked again. */
  refusal: { readonly reason: string; readonly until: number } | undefined
}

/** Where the latest text of a twin stands on its way to the cloud. */
export interface TwinExplanation {
  readonly text: TwinText
  /** What EdgeCore last took; undefined if it never took anything. */
  readonly told?: { readonly text: TwinText; readonly agoMs: number }
  /**
   * `told`: the cloud was told just this. `filtered`: it was told something that the change filter
   * takes for the same. `waiting`: for its report cycle, or for the budget. `refused`: by EdgeCore.
   */
  readonly status: 'told' | 'filtered' | 'waiting' | 'refused'
  readonly waitingMs?: number
  /** How long it waits at least, for its report cycle or after a refusal. */
  readonly dueInMs: number
  /** How many twins of all devices go before it. */
  readonly ahead: number
  readonly refusal?: string
}

// Lower goes first. The classes are further apart than any uptime in milliseconds.
export const stateRank = 1e13
export const changeRank = 2e13
export const refreshRank = 3e13

export function rankOf(twin: Twin): number {
  if (twin.since === undefined) return refreshRank + twin.toldAt
  return twin.urgent ? twin.since : changeRank + twin.since
}

/** When a twin may leave: its change waits for the report cycle, an untouched one for the refresh. */
export const dueAtOf = (twin: Twin, refreshMs: number): number =>
  Math.max(wishedAt(twin, refreshMs), twin.refusal?.until ?? 0)

function wishedAt(twin: Twin, refreshMs: number): number {
  if (twin.urgent) return twin.since ?? 0
  if (twin.since !== undefined) {
    return twin.told === undefined ? twin.since : Math.max(twin.since, twin.toldAt + twin.reportMs)
  }
  return twin.told === undefined ? Infinity : twin.toldAt + refreshMs
}

export const sameText = (a: TwinText, b: TwinText): boolean =>
  a.reported === b.reported && a.observedDesired === b.observedDesired

/** `ahead`: how many other twins may leave now and go first. */
export function explainTwin(
  twin: Twin,
  refreshMs: number,
  ahead: number,
  now: number,
): TwinExplanation {
  const { told, since, refusal, text } = twin
  return {
    text,
    status: statusOf(twin),
    ahead,
    dueInMs: Math.max(0, dueAtOf(twin, refreshMs) - now),
    ...(told && { told: { text: told, agoMs: now - twin.toldAt } }),
    ...(since !== undefined && { waitingMs: now - since }),
    ...(refusal && { refusal: refusal.reason }),
  }
}

function statusOf({ text, told, since, refusal }: Twin): TwinExplanation['status'] {
  if (refusal !== undefined) return 'refused'
  if (since !== undefined) return 'waiting'
  return told !== undefined && sameText(text, told) ? 'told' : 'filtered'
}
