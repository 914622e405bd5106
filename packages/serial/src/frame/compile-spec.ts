import { MapperError } from '@mapper-sdk/core'
import { compileSafePattern } from '../text/safe-pattern.ts'
import { formatBytes, parseBytes } from '../text/bytes-text.ts'
import { cobsCoding, escapeCoding, hexCoding, type Coding } from './coding.ts'
import { counted } from './counted.ts'
import { delimited, type DelimitedRules } from './delimited.ts'
import type { DelimitedSpec, FixedSpec, FrameSpec, LengthSpec } from './frame-spec.ts'
import type { Grammar } from './grammar.ts'
import { createLayout, type Layout, type LayoutSpec } from './layout.ts'
import { lengthFieldOf } from './length-field.ts'
import { matched } from './matched.ts'
import { silent } from './silent.ts'
import {
  defaultMaxLength,
  endTexts,
  escapeRuleOf,
  noBytes,
  optionalBytes,
  slipEnd,
  slipEscape,
} from './spec-bytes.ts'

/** A spec that was checked, ready for use. */
export interface Compiled {
  readonly grammar: Grammar
  /** Bytes that the scanner keeps at most. */
  readonly capacity: number
  /** The frame round a payload. Throws a MapperError `invalid_config` if it cannot be one. */
  encode(payload: Uint8Array): Uint8Array
}

export function compileSpec(spec: FrameSpec): Compiled {
  const { maxLength = defaultMaxLength } = spec
  const bare = { start: noBytes, checksum: spec.checksum }
  switch (spec.type) {
    case 'delimiter':
      return compileDelimited(spec)
    case 'slip':
      // The end also goes before a frame, to end what noise there may be.
      return between(bare, maxLength, {
        ...{ lead: Uint8Array.of(slipEnd), start: noBytes, ends: [Uint8Array.of(slipEnd)] },
        coding: escapeCoding(slipEscape),
      })
    case 'cobs':
      return between(bare, maxLength, {
        ...{ lead: noBytes, start: noBytes, ends: [Uint8Array.of(0)] },
        coding: cobsCoding,
      })
    case 'fixed':
    case 'length':
      return compileCounted(spec)
    case 'gap': {
      const layout = createLayout(bare)
      // One more than a frame may have, to see that it does not end.
      const capacity = maxLength + 1
      return {
        grammar: silent(maxLength, layout.unwrap),
        capacity,
        encode: whole(layout, maxLength),
      }
    }
    case 'pattern': {
      const layout = createLayout(bare)
      const { ignoreCase = false } = spec
      const pattern = compileSafePattern(spec.pattern, { ignoreCase, dotAll: true })
      return {
        grammar: matched(pattern, maxLength, layout.unwrap),
        capacity: maxLength,
        encode: whole(layout, maxLength),
      }
    }
  }
}

const whole = (layout: Layout, maxLength: number) => (payload: Uint8Array) => {
  if (payload.length === 0) throw impossible('a frame without a payload is none')
  return fitting(layout.wrap(payload, noBytes), maxLength)
}

function fitting(frame: Uint8Array, maxLength: number): Uint8Array {
  if (frame.length <= maxLength) return frame
  throw impossible(`the frame has ${frame.length} bytes, more than maxLength: ${maxLength}`)
}

const impossible = (why: string) => new MapperError('invalid_config', why)

function compileDelimited(spec: DelimitedSpec): Compiled {
  const start = optionalBytes(spec.start)
  const ends = endTexts(spec).map(parseBytes)
  const escape = escapeRuleOf(spec)
  const shared = ends.some((end) => formatBytes(end) === formatBytes(start))
  const layout: LayoutSpec = {
    start: shared ? noBytes : start,
    checksum: spec.checksum,
    keepDelimiters: spec.keepDelimiters,
  }
  return between(layout, spec.maxLength ?? defaultMaxLength, {
    lead: shared ? start : noBytes,
    start,
    ends,
    startInside: spec.startInside,
    coding: escape ? escapeCoding(escape) : spec.coding === 'hex' ? hexCoding : undefined,
    escape: escape && { byte: escape.byte, hidesDelimiters: (spec.escape?.xor ?? 0) === 0 },
  })
}

interface Between extends Pick<DelimitedRules, 'start' | 'ends' | 'escape'> {
  /** Sent before the frame, though no part of it. */
  readonly lead: Uint8Array
  readonly startInside?: DelimitedRules['startInside'] | undefined
  readonly coding: Coding | undefined
}

/** Frames between delimiters, which the coding keeps out of the content. */
function between(layoutSpec: LayoutSpec, maxLength: number, parts: Between): Compiled {
  const { lead, start, ends, coding, escape, startInside = 'restart' } = parts
  const layout = createLayout(layoutSpec)
  const { tail } = layout
  const before = layoutSpec.start.length
  const rules: DelimitedRules = {
    ...{ start, ends, escape, startInside, tail },
    unwrap(frame, endLength) {
      if (coding === undefined) return layout.unwrap(frame, endLength)
      const stop = frame.length - endLength - tail
      const content = coding.decode(frame.subarray(before, stop))
      if (content === undefined) return 'coding'
      return layout.unwrap(
        joined(frame.subarray(0, before), content, frame.subarray(stop)),
        endLength,
      )
    },
  }
  const [end = noBytes] = ends
  const check = delimited(rules)
  return {
    grammar: delimited(rules),
    capacity: maxLength,
    encode(payload) {
      const plain = layout.wrap(payload, end)
      const stop = plain.length - end.length - tail
      const content = plain.subarray(before, stop)
      const coded = coding === undefined ? content : coding.encode(content)
      const frame = joined(plain.subarray(0, before), coded, plain.subarray(stop))
      // Where the next start ends a frame, that start has to fit as well.
      fitting(frame, ends.length === 0 ? maxLength - start.length : maxLength)
      check.open()
      const verdict = check.judge(frame, 0, frame.length, true)
      if (verdict === 'more' || verdict === 'none' || verdict.kind !== 'good') {
        throw impossible(
          `no frame can carry ${formatBytes(payload.subarray(0, 40))}: a delimiter is in it, or nothing`,
        )
      }
      if (verdict.end !== frame.length) throw impossible('the payload contains the end of a frame')
      return joined(lead, frame)
    },
  }
}

function compileCounted(spec: FixedSpec | LengthSpec): Compiled {
  const { maxLength = defaultMaxLength, checksum } = spec
  const start = optionalBytes(spec.start)
  const end = optionalBytes(spec.end)
  const field = spec.type === 'length' ? lengthFieldOf(spec, start, end) : undefined
  const layout = createLayout({ start, checksum, lengthField: field })
  const length = spec.type === 'fixed' ? spec.length : 0
  const limit = spec.type === 'fixed' ? length : maxLength
  const smallest = layout.overhead + end.length
  const grammar = counted({
    ...{ start, end, unwrap: layout.unwrap },
    head: field === undefined ? length : field.offset + field.size,
    checked: checksum !== undefined || end.length > 0,
    lengthOf(bytes, at) {
      if (field === undefined) return length
      const total = field.read(bytes, at)
      return total < smallest || total < field.offset + field.size || total > limit
        ? undefined
        : total
    },
  })
  return {
    grammar,
    capacity: limit,
    encode(payload) {
      const frame = fitting(layout.wrap(payload, end), limit)
      if (frame.length >= length) return frame
      throw impossible(`the frame has ${frame.length} bytes, less than length: ${length}`)
    },
  }
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
