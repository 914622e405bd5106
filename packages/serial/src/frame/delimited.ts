import type { BadReason } from './frame.ts'
import type { Grammar, Place, Verdict } from './grammar.ts'
import { matchAt, seekSequence } from './match-at.ts'

export interface DelimitedRules {
  /** Empty: a frame starts where the last one ended. */
  readonly start: Uint8Array
  /** None: a frame ends where the next one starts. */
  readonly ends: readonly Uint8Array[]
  /** The byte after it is no part of a delimiter. */
  readonly escape?: { readonly byte: number; readonly hidesDelimiters: boolean } | undefined
  /** What the start is within a frame. */
  readonly startInside: 'restart' | 'data'
  /** Bytes after the end that belong to the frame, whatever they are. */
  readonly tail: number
  /** The payload, or why there is none. */
  unwrap(frame: Uint8Array, endLength: number): Uint8Array | BadReason
}

/** Frames between delimiters. Where start and end are the same, one serves as both. */
export function delimited(rules: DelimitedRules): Grammar {
  const { start, ends, escape, startInside, tail, unwrap } = rules
  const flag = ends.some((end) => matchAt(end, 0, end.length, start) === 'all' && start.length > 0)
  const marked = start.length > 0 && !flag
  const restarts = marked && (startInside === 'restart' || ends.length === 0)
  const stops = restarts ? [...ends, start] : ends
  const special = new Uint8Array(256)
  for (const [first = 0] of stops) special[first] = 1
  if (escape !== undefined) special[escape.byte] = 1

  /** Bytes after an end that are waited for before the next frame is looked for. */
  const pastEnd = tail === 0 ? 0 : tail + 1

  let looks = 0
  /** Bytes of the frame that were looked at, and where its end begins and stops, once it is there. */
  let done = 0
  let found: { readonly from: number; readonly to: number } | undefined
  let lost = flag

  /** Looks on for the end of the frame; 'restart' at the start of another one. */
  function seekEnd(bytes: Uint8Array, from: number, to: number): 'more' | 'restart' | undefined {
    let at = from + done
    const before = at
    const leave = <T>(result: T): T => {
      looks += at - before + 1
      done = at - from
      return result
    }
    while (at < to) {
      if (special[bytes[at] ?? 0] === 0) {
        at++
        continue
      }
      for (const stop of stops) {
        const match = matchAt(bytes, at, to, stop)
        if (match === 'part') return leave('more')
        if (match === 'none') continue
        if (restarts && stop === start) return leave('restart')
        found = { from: at - from, to: at - from + stop.length }
        return leave(undefined)
      }
      if (bytes[at] !== escape?.byte) at++
      else if (at + 1 >= to) return leave('more')
      else if (escape?.hidesDelimiters === true) at += 2
      else at++
    }
    return leave('more')
  }

  function judge(bytes: Uint8Array, from: number, to: number, silent: boolean): Verdict {
    const outcome = found === undefined ? seekEnd(bytes, from, to) : undefined
    if (outcome === 'restart') {
      const next = from + done
      if (ends.length === 0) return finish(bytes, from, next, 0)
      return { kind: 'bad', reason: 'incomplete', end: next, resume: next }
    }
    if (found === undefined) {
      return silent && ends.length === 0 ? finish(bytes, from, to, 0) : 'more'
    }
    if (!marked && found.from === 0 && tail === 0) return { kind: 'fill', end: from + found.to }
    const end = from + found.to + tail
    return end > to ? 'more' : finish(bytes, from, end, found.to - found.from)
  }

  function finish(bytes: Uint8Array, from: number, end: number, endLength: number): Verdict {
    const payload = unwrap(bytes.subarray(from, end), endLength)
    looks += end - from
    if (typeof payload !== 'string') return { kind: 'good', end, payload }
    return { kind: 'bad', reason: payload, end, resume: marked ? from + 1 : end }
  }

  /** Where the next frame starts is known again at an end: what follows, or the end itself as an empty frame. */
  function seekLost(bytes: Uint8Array, from: number, to: number): Place {
    looks += to - from
    for (let at = from; at < to; at++) {
      if (special[bytes[at] ?? 0] === 0) continue
      for (const end of ends) {
        const match = matchAt(bytes, at, to, end)
        if (match === 'none') continue
        const next = tail === 0 ? at : at + end.length + tail
        if (match === 'part' || next >= to) return { found: false, at }
        lost = false
        return { found: true, at: next }
      }
    }
    return { found: false, at: to }
  }

  return {
    slack: Math.max(0, start.length - 1, ...ends.map((end) => end.length - 1 + pastEnd)),
    slides: marked,
    seek(bytes, from, to) {
      if (marked) {
        const place = seekSequence(bytes, from, to, start)
        looks += place.at - from + 1
        return place
      }
      return lost ? seekLost(bytes, from, to) : { found: from < to, at: from }
    },
    open() {
      done = marked ? start.length : 0
      found = undefined
    },
    judge,
    lose() {
      lost = !marked
    },
    reset(midStream) {
      lost = flag || (midStream && !marked)
    },
    get looks() {
      return looks
    },
  }
}
