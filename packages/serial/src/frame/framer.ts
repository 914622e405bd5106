import { MapperError } from '@mapper-sdk/core'
import { checkFrameSpec } from './check-frame-spec.ts'
import { compileSpec } from './compile-spec.ts'
import type { BadReason, Frame, FrameCounters, Framer, ResetOptions } from './frame.ts'
import type { FrameSpec } from './frame-spec.ts'
import { createScanner } from './scanner.ts'
import { defaultGapMs } from './spec-bytes.ts'

export interface FramerOptions extends ResetOptions {
  /** Time of one character on the line, in ms, as `Line.characterMs` of core tells; 0: not known, the default */
  readonly characterMs?: number
}

/**
 * Finds frames in a stream of bytes, and makes them. The same bytes at the same times give the same
 * frames, in whatever pieces they come. Throws a MapperError `invalid_config` if the spec makes no sense.
 */
export function createFramer(spec: FrameSpec, options: FramerOptions = {}): Framer {
  const problem = checkFrameSpec(spec)
  if (problem !== undefined) {
    throw new MapperError('invalid_config', `${problem.path.join('.')} ${problem.message}`.trim())
  }
  const { grammar, capacity, encode } = compileSpec(spec)
  const gapMs = gapOf(spec, options.characterMs ?? 0)
  const bad = { ...noneBad }
  let frames: Frame[] = []
  let bytes = 0
  let good = 0
  let nowMs = 0
  let lastMs: number | undefined

  const scanner = createScanner(grammar, capacity, {
    good(payload, raw, offset) {
      good++
      frames.push({ good: true, payload, raw, offset, atMs: nowMs })
    },
    bad(reason, raw, offset) {
      bad[reason]++
      frames.push({ good: false, reason, raw, offset, atMs: nowMs })
    },
  })
  scanner.reset(options.midStream ?? false)

  function take(): readonly Frame[] {
    if (frames.length === 0) return none
    const taken = frames
    frames = []
    return taken
  }

  /** The silence may be noticed only by what ends it. */
  function notice(atMs: number): void {
    if (gapMs === undefined || lastMs === undefined || atMs - lastMs < gapMs) return
    nowMs = lastMs + gapMs
    lastMs = undefined
    scanner.silence()
  }

  return {
    push(chunk, atMs) {
      if (chunk.length === 0) return none
      notice(atMs)
      nowMs = atMs
      lastMs = atMs
      bytes += chunk.length
      scanner.push(chunk)
      return take()
    },
    get dueAt() {
      if (gapMs === undefined || lastMs === undefined || scanner.held === 0) return undefined
      return lastMs + gapMs
    },
    flush(atMs) {
      notice(atMs)
      return take()
    },
    finish(atMs) {
      nowMs = atMs
      lastMs = undefined
      scanner.silence()
      return take()
    },
    encode,
    reset({ midStream = false } = {}) {
      lastMs = undefined
      scanner.reset(midStream)
    },
    get held() {
      return scanner.held
    },
    get counters(): FrameCounters {
      return { bytes, good, bad: { ...bad }, looks: grammar.looks }
    },
  }
}

const none: readonly Frame[] = []

const noneBad: Readonly<Record<BadReason, number>> = {
  ...{ noise: 0, 'too-long': 0, 'too-short': 0, incomplete: 0 },
  ...{ checksum: 0, length: 0, end: 0, coding: 0 },
}

/** The silence that ends a frame; undefined: none does. */
function gapOf(spec: FrameSpec, characterMs: number): number | undefined {
  const { gapMs, gapCharacters = 0 } = spec
  const ofCharacters = gapCharacters * characterMs
  const known = ofCharacters > 0 ? Math.max(ofCharacters, gapMs ?? 0) : gapMs
  return known ?? (spec.type === 'gap' ? defaultGapMs : undefined)
}
