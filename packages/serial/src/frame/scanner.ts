import type { BadReason } from './frame.ts'
import type { Grammar, Verdict } from './grammar.ts'

/** Told of each piece of the stream, in its order. */
export interface ScannerListener {
  good(payload: Uint8Array, raw: Uint8Array, offset: number): void
  bad(reason: BadReason, raw: Uint8Array, offset: number): void
}

/** Applies a grammar to a stream, and finds its way back after what is no frame. */
export interface Scanner {
  push(chunk: Uint8Array): void
  /** Nothing more belongs to what has come. */
  silence(): void
  reset(midStream: boolean): void
  readonly held: number
}

/** How often a byte may be looked at again, on average, in search of frames within bad ones. */
const looksAgain = 256
const mostCredit = 1 << 22

/** Bytes that are allocated at once, where the frames are small: at first, and while many come. */
const leastRoom = 256
const mostRoom = 4096

/**
 * The stream from `begin` to `end` is held. `at` is where a frame may start, or does (`open`). What lies
 * before it is noise, or, in doubt, a bad frame that is still searched for good ones.
 */
export function createScanner(
  grammar: Grammar,
  capacity: number,
  listener: ScannerListener,
): Scanner {
  let bytes = new Uint8Array(leastRoom)
  /** Offset in the stream of the first of `bytes`; all other places are such offsets. */
  let base = 0
  let begin = 0
  let at = 0
  let end = 0
  let open = false
  let doubt: { readonly reason: BadReason; readonly until: number } | undefined
  let credit = mostCredit
  let judged = 0
  const piece = capacity - grammar.slack

  /** Bytes that frames were given out of are never written again, so that frames need no copies. */
  function append(chunk: Uint8Array): void {
    const held = end - begin
    if (end - base + chunk.length > bytes.length) {
      const needed = 2 * (held + chunk.length)
      const room = new Uint8Array(Math.max(needed, Math.min(mostRoom, 2 * bytes.length)))
      room.set(bytes.subarray(begin - base, end - base))
      bytes = room
      base = begin
    }
    bytes.set(chunk, end - base)
    end += chunk.length
  }

  const raw = (to: number) => bytes.subarray(begin - base, to - base)

  /** Everything before `to` is no good frame. */
  function cut(to: number): void {
    if (to === begin) return
    listener.bad(doubt?.reason ?? 'noise', raw(to), begin)
    begin = to
    doubt = undefined
  }

  /** Lets go of what no frame can contain any more. */
  function settle(): void {
    if (doubt !== undefined && at >= doubt.until) cut(doubt.until)
    while (doubt === undefined && at - begin >= piece) cut(begin + piece)
  }

  function fail(reason: BadReason, until: number, resume: number): void {
    if (doubt === undefined) {
      cut(at)
      doubt = { reason, until }
    }
    credit = Math.min(mostCredit, credit + looksAgain * Math.max(0, until - judged))
    judged = Math.max(judged, until)
    const again = until - resume
    const affordable = again <= credit
    if (affordable) credit -= again
    at = affordable ? resume : until
  }

  /** What to do where the grammar still waits: undefined if waiting is right. */
  function impatient(silent: boolean): Verdict | undefined {
    const full = end - begin >= capacity
    if (!silent && !full) return undefined
    const stop = end - base
    const resume = grammar.slides ? at - base + 1 : stop
    if (silent) return { kind: 'bad', reason: 'incomplete', end: stop, resume }
    if (begin < at) {
      cut(at)
      return undefined
    }
    if (!grammar.slides) grammar.lose()
    return { kind: 'bad', reason: 'too-long', end: stop, resume }
  }

  function scan(silent: boolean): void {
    for (;;) {
      if (!open) {
        const place = grammar.seek(bytes, at - base, end - base)
        at = base + place.at
        settle()
        if (!place.found) {
          if (end - begin >= capacity) cut(at)
          return
        }
        open = true
        grammar.open()
      }
      const first = grammar.judge(bytes, at - base, end - base, silent)
      const verdict = first === 'more' ? impatient(silent) : first
      if (verdict === undefined || verdict === 'more') return
      open = false
      if (verdict === 'none') {
        at += 1
        continue
      }
      if (verdict.kind !== 'fill' && verdict.start !== undefined) {
        at = base + verdict.start
        settle()
      }
      const stop = base + verdict.end
      if (verdict.kind === 'bad') {
        fail(verdict.reason, stop, base + verdict.resume)
        continue
      }
      cut(at)
      if (verdict.kind === 'good') listener.good(verdict.payload, raw(stop), begin)
      begin = at = stop
    }
  }

  function clear(midStream: boolean): void {
    begin = end
    at = end
    open = false
    doubt = undefined
    grammar.reset(midStream)
  }

  return {
    push(chunk) {
      for (let used = 0; used < chunk.length;) {
        const part = chunk.subarray(used, used + capacity - (end - begin))
        append(part)
        used += part.length
        scan(false)
      }
    },
    silence() {
      scan(true)
      if (doubt !== undefined) cut(Math.min(doubt.until, end))
      cut(end)
      clear(false)
    },
    reset(midStream) {
      clear(midStream)
      bytes = new Uint8Array(leastRoom)
      base = 0
      begin = at = end = judged = 0
      credit = mostCredit
    },
    get held() {
      return end - begin
    },
  }
}
