/**
 * How many requests a connection may have on the way at once, as far as it has shown. It starts with
 * one and is doubled as long as all goes well. A device that cannot do it drops requests, mixes up
 * answers or hangs up; then it is one again, for a long time.
 */
export interface InFlight {
  readonly depth: number
  /** Not before this time, in ms, is more than one tried again. */
  readonly notBeforeMs: number
  /** How long it is left at one the next time. */
  readonly waitMs: number
  /** Half of what was too much, for a day: a gateway may bear some, and be too slow for many. */
  readonly ceiling: number
  /**
   * A request was not answered while more than one was on the way. Whether that was the reason shows
   * when the same is asked with nothing else on the way.
   */
  readonly suspicion?: { readonly request: string; readonly depth: number; readonly atMs: number }
  /** Requests that met silence also with nothing else on the way: it says nothing about the depth. */
  readonly silent: ReadonlySet<string>
}

const shortestMs = 600_000
const longestMs = 86_400_000
const mostSilent = 256

export const oneAtATime: InFlight = {
  depth: 1,
  notBeforeMs: -Infinity,
  waitMs: shortestMs,
  ceiling: Infinity,
  silent: new Set(),
}

/** All went well, and as many as may be on the way were. */
export function afterCleanCycle(state: InFlight, most: number, now: number): InFlight {
  const { depth, notBeforeMs, suspicion } = state
  if (now < notBeforeMs) return state
  // What is never asked again must not keep all others waiting.
  if (suspicion !== undefined && now - suspicion.atMs < shortestMs) return state
  const goodMs = depth > 1 ? now - notBeforeMs : 0
  const waitMs = goodMs >= state.waitMs ? shortestMs : state.waitMs
  const ceiling = goodMs >= longestMs ? Infinity : state.ceiling
  const next = Math.min(2 * depth, most, ceiling)
  const isSame = next === depth && waitMs === state.waitMs && ceiling === state.ceiling
  return isSame && suspicion === undefined
    ? state
    : without(state, { depth: next, waitMs, ceiling })
}

/** `shared`: more than one request was on the way. */
export function afterAnswer(
  state: InFlight,
  request: string,
  shared: boolean,
  now: number,
): InFlight {
  const { suspicion, silent } = state
  const next = silent.has(request)
    ? { ...state, silent: new Set([...silent].filter((other) => other !== request)) }
    : state
  return !shared && suspicion?.request === request ? leftAtOne(next, now) : next
}

export function afterSilence(
  state: InFlight,
  request: string,
  shared: boolean,
  now: number,
): InFlight {
  const { depth, suspicion, silent } = state
  if (shared) {
    if (silent.has(request) || suspicion !== undefined || depth === 1) return state
    return { ...state, depth: 1, suspicion: { request, depth, atMs: now } }
  }
  const known = new Set(silent).add(request)
  for (const oldest of known) if (known.size > mostSilent) known.delete(oldest)
  const next = silent.has(request) ? state : { ...state, silent: known }
  return suspicion?.request === request ? without(next, { depth: suspicion.depth }) : next
}

/** The connection is no good any more: an answer was odd, or the other side hung up. */
export const afterBreak = (state: InFlight, shared: boolean, now: number): InFlight =>
  shared ? leftAtOne(state, now) : state

function leftAtOne(state: InFlight, now: number): InFlight {
  const { waitMs, suspicion, depth } = state
  return without(state, {
    depth: 1,
    notBeforeMs: now + waitMs,
    waitMs: Math.min(2 * waitMs, longestMs),
    ceiling: Math.max(2, Math.floor((suspicion?.depth ?? depth) / 2)),
  })
}

function without(state: InFlight, change: Partial<InFlight>): InFlight {
  const { depth, notBeforeMs, waitMs, ceiling, silent } = state
  return { depth, notBeforeMs, waitMs, ceiling, silent, ...change }
}
