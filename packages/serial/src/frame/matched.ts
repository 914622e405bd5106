import { Buffer } from 'node:buffer'
import type { SafePattern } from '../text/safe-pattern.ts'
import type { BadReason } from './frame.ts'
import type { Grammar, Verdict } from './grammar.ts'

/**
 * Frames that a pattern describes. A frame ends at the first byte that completes it, and starts as early
 * as it may. `capacity`: the most bytes it is looked for in.
 */
export function matched(
  pattern: SafePattern,
  capacity: number,
  unwrap: (frame: Uint8Array, endLength: number) => Uint8Array | BadReason,
): Grammar {
  let looks = 0
  /** Bytes that were looked at and hold no frame. */
  let done = 0

  function holds(text: string, length: number): boolean {
    looks += length
    return pattern.test(text.slice(0, length))
  }

  /** The shortest beginning of the text with a frame in it: a longer one has one as well. */
  function shortest(text: string): number {
    let without = done
    let within = text.length
    while (within - without > 1) {
      const middle = (within + without) >> 1
      if (holds(text, middle)) within = middle
      else without = middle
    }
    return within
  }

  function judge(bytes: Uint8Array, from: number, to: number): Verdict {
    // One character a byte, so that places in the text are places in the bytes.
    const text = Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1')
    if (text.length > done && holds(text, text.length)) {
      const length = shortest(text)
      const start = from + (pattern.match(text.slice(0, length))?.start ?? 0)
      const end = from + length
      looks += length
      const payload = unwrap(bytes.subarray(start, end), 0)
      return typeof payload === 'string'
        ? { kind: 'bad', reason: payload, start, end, resume: start + 1 }
        : { kind: 'good', start, end, payload }
    }
    done = text.length
    if (text.length < capacity) return 'more'
    // The other half stays, for it may hold the beginning of a frame.
    const half = from + Math.ceil(capacity / 2)
    return { kind: 'bad', reason: 'noise', end: half, resume: half }
  }

  return {
    slack: 0,
    slides: true,
    seek: (_, from, to) => ({ found: from < to, at: from }),
    open() {
      done = 0
    },
    judge,
    lose: () => undefined,
    reset: () => undefined,
    get looks() {
      return looks
    },
  }
}
