import type { BadReason } from './frame.ts'
import type { Grammar } from './grammar.ts'

/** Frames that end by silence alone. */
export function silent(
  maxLength: number,
  unwrap: (frame: Uint8Array, endLength: number) => Uint8Array | BadReason,
): Grammar {
  let looks = 0
  let lost = false
  return {
    // One byte more is kept than a frame may have.
    slack: 1,
    slides: false,
    seek(_, from, to) {
      if (!lost) return { found: from < to, at: from }
      looks += to - from
      return { found: false, at: to }
    },
    open: () => undefined,
    judge(bytes, from, to, ended) {
      if (to - from > maxLength) {
        lost = true
        return { kind: 'bad', reason: 'too-long', end: from + maxLength, resume: from + maxLength }
      }
      if (!ended) return 'more'
      looks += to - from
      const payload = unwrap(bytes.subarray(from, to), 0)
      return typeof payload === 'string'
        ? { kind: 'bad', reason: payload, end: to, resume: to }
        : { kind: 'good', end: to, payload }
    },
    lose() {
      lost = true
    },
    reset(midStream) {
      lost = midStream
    },
    get looks() {
      return looks
    },
  }
}
