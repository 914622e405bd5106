import type { BadReason } from './frame.ts'
import type { Grammar, Verdict } from './grammar.ts'
import { matchAt, seekSequence } from './match-at.ts'

export interface CountedRules {
  readonly start: Uint8Array
  /** Empty: whatever the last bytes are. */
  readonly end: Uint8Array
  /** Bytes that tell how long a frame is; no frame is shorter. */
  readonly head: number
  /** Bytes of the frame whose head is at `at`; undefined: no frame has such a head. */
  lengthOf(bytes: Uint8Array, at: number): number | undefined
  /** Whether a wrong frame can be told from a right one, so that looking for frames at any byte is safe. */
  readonly checked: boolean
  unwrap(frame: Uint8Array, endLength: number): Uint8Array | BadReason
}

/** Frames whose length is known from their head. */
export function counted(rules: CountedRules): Grammar {
  const { start, end, head, lengthOf, checked, unwrap } = rules
  const marked = start.length > 0
  const slides = marked || checked
  let looks = 0
  let lost = false

  function judge(bytes: Uint8Array, from: number, to: number): Verdict {
    looks++
    if (to - from < head) return 'more'
    const length = lengthOf(bytes, from)
    const resume = from + 1
    if (length === undefined) {
      if (slides && !marked) return 'none'
      lost = !slides
      const stop = from + head
      return { kind: 'bad', reason: 'length', end: stop, resume: slides ? resume : stop }
    }
    const stop = from + length
    if (stop > to) return 'more'
    looks += length
    const atEnd = matchAt(bytes, stop - end.length, stop, end) === 'all'
    const payload = atEnd ? unwrap(bytes.subarray(from, stop), end.length) : 'end'
    if (typeof payload !== 'string') return { kind: 'good', end: stop, payload }
    return { kind: 'bad', reason: payload, end: stop, resume: slides ? resume : stop }
  }

  return {
    slack: Math.max(0, start.length - 1),
    slides,
    seek(bytes, from, to) {
      if (lost) return { found: false, at: to }
      if (!marked) return { found: from < to, at: from }
      const place = seekSequence(bytes, from, to, start)
      looks += place.at - from + 1
      return place
    },
    open: () => undefined,
    judge,
    lose() {
      lost = !slides
    },
    reset(midStream) {
      lost = midStream && !slides
    },
    get looks() {
      return looks
    },
  }
}
