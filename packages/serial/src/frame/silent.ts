import type { BadReason } from './frame.ts'
import type { Grammar } from './grammar.ts'

/** Frames that end by silence alone. */
export function silent(
  unwrap: (frame: Uint8Array, endLength: number) => Uint8Array | BadReason,
): Grammar {
  let looks = 0
  let lost = false
  return {
    slack: 0,
    slides: false,
    seek: (_, from, to) => ({ found: from < to && !lost, at: lost ? to : from }),
    open: () => undefined,
    judge(bytes, from, to, ended) {
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
