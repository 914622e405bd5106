import type { Frame } from '../frame/frame.ts'
import type { Direction, Sighting } from './sighting.ts'

export interface DecoderOptions {
  /** Time of one character on the line, in ms; default: 0, not known */
  readonly characterMs?: number
  /** It begins anywhere, so that the rest of a frame is not taken for a whole one; default: false */
  readonly midStream?: boolean
}

/** What comes after a request begins at its beginning. */
export const framing = ({ characterMs = 0 }: DecoderOptions) => ({ characterMs })

/** A frame of which nothing is known but whether it is good. */
export function plainSighting(
  direction: Direction,
  frame: Frame,
  kind: 'frame' | 'other' = 'frame',
): Sighting {
  const { raw, atMs } = frame
  const taken = frame.good ? { kind } : { kind: 'hurt' as const, reason: frame.reason }
  return { direction, atMs, raw, taken }
}

export function soonest(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}
