/**
 * How one desired value is reconciled, as a pure state machine. It decides; the device loop writes.
 *
 * A desired value is written when it changed, or when at (re)start the device differs from it; never
 * because the same custom resource came again, never when unset. One write per change: after a write
 * whose outcome is unknown the device is read first and written only if it still differs.
 */
export type Desired =
  /** Nothing is wished. */
  | { readonly kind: 'none' }
  /** Wished, and not known yet whether the device has it: the next reading decides. */
  | { readonly kind: 'compare'; readonly wanted: string; readonly observed: string }
  /** To be written. */
  | { readonly kind: 'pending'; readonly wanted: string; readonly observed: string }
  /** A write is under way; `next` is a newer wish that came meanwhile. */
  | {
      readonly kind: 'writing'
      readonly wanted: string
      readonly observed: string
      readonly next?: string
    }
  /** The device has taken it. */
  | { readonly kind: 'settled'; readonly wanted: string; readonly observed: string }
  /** The device, or its limits, said no: only a new wish helps. */
  | { readonly kind: 'refused'; readonly wanted: string; readonly observed: string }

export type DesiredPolicy = 'onChange' | 'reassert' | 'once'

export type WriteResult = 'done' | 'refused' | 'unknown' | 'not started'

export const noDesired: Desired = { kind: 'none' }

/** The desired value that the device is known to have taken; '' if none. */
export const observedOf = (state: Desired): string => (state.kind === 'none' ? '' : state.observed)

/** At the start of a device. `remembered` is the last value that was written before, for `once`. */
export function startDesired(wanted: string, policy: DesiredPolicy, remembered?: string): Desired {
  if (wanted === '') return noDesired
  if (policy !== 'once') return { kind: 'compare', wanted, observed: '' }
  return remembered === wanted
    ? { kind: 'settled', wanted, observed: wanted }
    : { kind: 'pending', wanted, observed: '' }
}

/** The custom resource says what is wished: perhaps the same as before. */
export function wish(state: Desired, wanted: string): Desired {
  if (state.kind === 'writing') {
    if (wanted === state.wanted) return { kind: 'writing', wanted, observed: state.observed }
    return { ...state, next: wanted }
  }
  if (wanted === '') return noDesired
  if (state.kind !== 'none' && state.wanted === wanted) return state
  return { kind: 'pending', wanted, observed: observedOf(state) }
}

/** A good reading came; `equal` says whether the device has what is wished. */
export function onReading(state: Desired, equal: boolean, policy: DesiredPolicy): Desired {
  if (state.kind === 'compare') {
    return equal
      ? { kind: 'settled', wanted: state.wanted, observed: state.wanted }
      : { kind: 'pending', wanted: state.wanted, observed: state.observed }
  }
  if (state.kind === 'settled' && policy === 'reassert' && !equal) {
    return { kind: 'pending', wanted: state.wanted, observed: state.observed }
  }
  return state
}

export function startWriting(state: Desired): Desired {
  return state.kind === 'pending' ? { ...state, kind: 'writing' } : state
}

/** The write ended. An unknown outcome of a `once` value is not tried again: it may have happened. */
export function onWritten(state: Desired, result: WriteResult, policy: DesiredPolicy): Desired {
  if (state.kind !== 'writing') return state
  const { wanted, next } = state
  const observed = result === 'done' ? wanted : state.observed
  if (next !== undefined)
    return next === '' ? noDesired : { kind: 'pending', wanted: next, observed }
  switch (result) {
    case 'done':
      return { kind: 'settled', wanted, observed }
    case 'refused':
      return { kind: 'refused', wanted, observed }
    case 'not started':
      return { kind: 'pending', wanted, observed }
    case 'unknown':
      return { kind: policy === 'once' ? 'refused' : 'compare', wanted, observed }
  }
}
