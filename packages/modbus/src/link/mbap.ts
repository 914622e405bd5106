import type { Anomaly } from './answer.ts'

/** One whole frame inside the bytes: `[start, end)` is from its unit to the end of its PDU. */
export interface Frame {
  readonly id: number
  readonly start: number
  readonly end: number
}

export interface Split {
  readonly frames: readonly Frame[]
  /** Where what has to wait for more bytes starts. */
  readonly rest: number
}

const headerLength = 6

/** The ids that an answer can have. */
export interface Expected {
  readonly inFlight: { has(id: number): boolean; keys(): Iterable<number>; readonly size: number }
  /** Given up, but their answers may still come. */
  readonly owed: ReadonlySet<number>
}

/**
 * Splits what came into Modbus TCP frames. `cuts` are the places where it was in pieces.
 *
 * A device that stops in the middle of an answer and goes on with the next one would have the
 * next one's beginning read as the end of the first. The header behind a frame gives that away, so the
 * last, incomplete one is checked as far as it is there; and where there is none yet, a frame whose
 * end looks like the beginning of another answer waits until there is.
 */
export function splitFrames(
  bytes: Buffer,
  expected: Expected,
  cuts: readonly number[] = [],
): Split | Anomaly {
  const { inFlight, owed } = expected
  const isExpected = (id: number) => inFlight.has(id) || owed.has(id)
  const frames: Frame[] = []
  let at = 0
  for (;;) {
    const fault = headerFault(bytes, at, isExpected)
    if (fault !== undefined) return { anomaly: fault }
    const end = endOf(bytes, at)
    if (end > bytes.length) break
    frames.push({ id: bytes.readUInt16BE(at), start: at + headerLength, end })
    at = end
  }
  const last = frames.at(-1)
  if (last === undefined || inFlight.size + owed.size <= frames.length) return { frames, rest: at }
  const answered = (id: number) => frames.some((frame) => frame.id === id)
  const inFlightStill = (id: number) => inFlight.has(id) && !answered(id)
  const missing = (id: number) => isExpected(id) && !answered(id)
  const swallower = frames.find((frame) => swallowedAnother(bytes, frame, missing))
  if (swallower !== undefined) {
    return { anomaly: `an answer to transaction ${swallower.id} with another one in it` }
  }
  const highBytes = () => [...inFlight.keys(), ...owed].filter(missing).map((id) => id >> 8)
  const startsAnother = (place: number) =>
    place + 1 < bytes.length
      ? missing(bytes.readUInt16BE(place))
      : highBytes().includes(bytes[place] ?? 0)
  if (bytes.length - at < headerLength) {
    // Where the bytes were in pieces, the id is enough to be careful.
    const isSuspect =
      cuts.some((cut) => cut >= last.start && cut < last.end && startsAnother(cut)) ||
      endsLikeHeader(bytes, last, inFlightStill, missing)
    if (isSuspect) return { frames: frames.slice(0, -1), rest: last.start - headerLength }
  }
  return { frames, rest: at }
}

/** The one frame that a datagram is, or why it is none: it has to end where its header says. */
export function datagramFrame(bytes: Buffer): Frame | Anomaly {
  if (bytes.length < headerLength + 3) return { anomaly: `a datagram of ${bytes.length} bytes` }
  const anomaly = headerFault(bytes, 0, () => true)
  if (anomaly !== undefined) return { anomaly }
  const end = endOf(bytes, 0)
  return end === bytes.length
    ? { id: bytes.readUInt16BE(0), start: headerLength, end }
    : { anomaly: `a datagram of ${bytes.length} bytes instead of ${end}` }
}

/** What is wrong with as much of a header as there is at `at`. */
function headerFault(
  bytes: Buffer,
  at: number,
  expected: (id: number) => boolean,
): string | undefined {
  const left = bytes.length - at
  if (left < 2) return undefined
  const id = bytes.readUInt16BE(at)
  if (!expected(id)) return `transaction ${id}, which waits for no answer`
  if (left < 4) return undefined
  const protocol = bytes.readUInt16BE(at + 2)
  if (protocol !== 0) return `protocol ${protocol} instead of 0`
  if (left < headerLength) return undefined
  const length = bytes.readUInt16BE(at + 4)
  return length < 2 || length > 254 ? `length ${length}, outside 2 … 254` : undefined
}

const endOf = (bytes: Buffer, at: number) =>
  bytes.length - at < headerLength ? Infinity : at + headerLength + bytes.readUInt16BE(at + 4)

/** Whether a whole other answer ends exactly where the frame ends. */
function swallowedAnother(
  bytes: Buffer,
  { start, end }: Frame,
  missing: (id: number) => boolean,
): boolean {
  for (let at = start; at + headerLength + 2 <= end; at++) {
    if (bytes[at + 5] !== end - at - headerLength) continue
    if (bytes[at + 2] !== 0 || bytes[at + 3] !== 0 || bytes[at + 4] !== 0) continue
    if (missing(bytes.readUInt16BE(at))) return true
  }
  return false
}

/**
 * Whether the bytes from somewhere inside the frame on could be the beginning of another answer. Less
 * than a whole header says little, so it has to be one in flight, whose answer will tell before long.
 */
function endsLikeHeader(
  bytes: Buffer,
  { start, end }: Frame,
  inFlight: (id: number) => boolean,
  missing: (id: number) => boolean,
): boolean {
  for (let at = start; at < end && at + 2 <= bytes.length; at++) {
    const left = bytes.length - at
    if (left > 2 && bytes[at + 2] !== 0) continue
    if (left > 3 && bytes[at + 3] !== 0) continue
    if (left > 4 && bytes[at + 4] !== 0) continue
    const could = left < headerLength ? inFlight : missing
    if (headerFault(bytes, at, could) === undefined) return true
  }
  return false
}
