import type { Answer } from './link.ts'
import type { Request } from './pdu.ts'

/** A whole frame in `[start, end)` of the bytes that answers `request`. */
export interface Found {
  readonly request: Request
  readonly answer: Answer
  readonly start: number
  readonly end: number
}

/** How requests and answers lie among the bytes of a line. */
export interface Framing {
  readonly name: 'RTU' | 'ASCII'
  /** Characters of the longest frame. */
  readonly longest: number
  /** After a pause of so many ms within a frame, the rest of it does not come any more. */
  readonly pauseMs: number
  /** The request as it goes on the wire. May be a view of the request. */
  encode(request: Request): Buffer
  /** Characters of a yes to the request. */
  answerLength(request: Request): number
  /**
   * The first answer to any of `requests` in `bytes[start … end)`, or nothing yet. What is no such answer
   * is slid over, one that has only begun is waited for. The same bytes give the same answer, in
   * however many pieces they came. Data may be a view of `bytes`.
   */
  find(
    requests: readonly Request[],
    bytes: Uint8Array,
    start: number,
    end: number,
  ): Found | undefined
}

/** Where the answer can start behind the local echo of the request; undefined while the echo is not whole. */
export function afterEcho(frame: Uint8Array, bytes: Uint8Array, end: number): number | undefined {
  const common = Math.min(frame.length, end)
  for (let at = 0; at < common; at++) if (bytes[at] !== frame[at]) return 0
  return end < frame.length ? undefined : frame.length
}

/** Transceivers that turn around leave a byte or two of 00 or ff. Anything else behind an answer is suspect. */
export function isLineNoise(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start > 3) return false
  for (let at = start; at < end; at++) if (bytes[at] !== 0 && bytes[at] !== 0xff) return false
  return true
}
