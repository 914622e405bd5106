/** Whose clock tells when a value was true. */
export type TimeSource = 'source' | 'server' | 'local'

/** What is needed of node-opcua's DataValue. */
export interface Timed {
  readonly sourceTimestamp?: Date | null
  readonly serverTimestamp?: Date | null
}

/** 1990: no OPC UA server is older, and a clock that was never set says 1601, 1970 or 1980. */
const earliest = 631_152_000_000
const dayMs = 86_400_000

/**
 * When the value was true, in ms since 1970. Undefined if that is to be the mapper's own time: for
 * `local`, and where the server gives no time or one that cannot be: before 1990 or more than a day ahead.
 */
export function timeOf(value: Timed, source: TimeSource, nowMs: number): number | undefined {
  if (source === 'local') return undefined
  const at = (source === 'source' ? value.sourceTimestamp : value.serverTimestamp)?.getTime()
  return at !== undefined && at >= earliest && at <= nowMs + dayMs ? at : undefined
}
