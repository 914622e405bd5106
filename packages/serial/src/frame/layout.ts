import { MapperError } from '@mapper-sdk/core'
import { createChecksum } from '../checksum/checksum.ts'
import { parseBytes } from '../text/bytes-text.ts'
import type { BadReason } from './frame.ts'
import type { PlacedChecksum } from './frame-spec.ts'

/** The parts of a frame round its payload, as offsets in the frame without escapes. */
export interface LayoutSpec {
  readonly start: Uint8Array
  readonly checksum?: PlacedChecksum | undefined
  readonly lengthField?: LengthField | undefined
  readonly keepDelimiters?: boolean | undefined
}

export interface LengthField {
  readonly offset: number
  readonly size: number
  /** The bytes that say that the frame has `total` bytes. Throws if there are none. */
  write(total: number): Uint8Array
}

/** Takes the payload out of a frame, and puts it into one. */
export interface Layout {
  /** Bytes of the checksum that follow the end. */
  readonly tail: number
  /** Bytes of everything but the payload, the end excepted. */
  readonly overhead: number
  /** The payload of a frame whose end has `endLength` bytes, or why there is none. */
  unwrap(frame: Uint8Array, endLength: number): Uint8Array | BadReason
  wrap(payload: Uint8Array, end: Uint8Array): Uint8Array
}

/** A part of a frame that is not payload. */
type Part = readonly [from: number, to: number]

interface Place {
  /** With its prefix. */
  readonly part: Part
  readonly at: number
  readonly from: number
  readonly to: number
}

const none = new Uint8Array(0)

export function createLayout(spec: LayoutSpec): Layout {
  const { start, checksum: placed, lengthField, keepDelimiters = false } = spec
  const checksum = placed === undefined ? undefined : createChecksum(placed)
  const prefix = placed?.prefix === undefined ? none : parseBytes(placed.prefix)
  const size = checksum?.length ?? 0
  const afterEnd = placed?.afterEnd ?? false
  const tail = afterEnd ? prefix.length + size : 0
  const fieldSize = lengthField?.size ?? 0

  /** Where the checksum of a frame of `total` bytes is, if there is room for it. */
  function placeOf(total: number, endLength: number): Place | undefined {
    const absolute = (offset: number) => (offset < 0 ? total + offset : offset)
    const inner = total - endLength - tail
    const at = placed?.at === undefined ? (afterEnd ? total : inner) - size : absolute(placed.at)
    const head = at - prefix.length
    const inHead = placed?.at !== undefined && placed.at >= 0
    const from = absolute(placed?.from ?? start.length)
    const to = placed?.to === undefined ? (inHead ? inner : head) : absolute(placed.to)
    const room = afterEnd ? head >= inner + endLength : head >= start.length && at + size <= inner
    if (!room || from < 0 || from > to || to > total) return undefined
    return { part: [head, at + size], at, from, to }
  }

  /** All parts that are not payload, in their order; undefined if they do not fit. */
  function partsOf(total: number, endLength: number, place: Place | undefined) {
    const stop = total - tail
    const parts: Part[] = [
      [0, start.length],
      [stop - endLength, stop],
    ]
    if (lengthField !== undefined) {
      parts.push([lengthField.offset, lengthField.offset + lengthField.size])
    }
    if (place !== undefined) parts.push(place.part)
    parts.sort((a, b) => a[0] - b[0] || a[1] - b[1])
    for (let index = 1; index < parts.length; index++) {
      if ((parts[index]?.[0] ?? 0) < (parts[index - 1]?.[1] ?? 0)) return undefined
    }
    return (parts[0]?.[0] ?? 0) < 0 || (parts.at(-1)?.[1] ?? 0) > total ? undefined : parts
  }

  /** The bytes that the checksum covers, never its own. */
  function covered(frame: Uint8Array, { part, from, to }: Place): Uint8Array {
    if (to <= part[0] || from >= part[1]) return frame.subarray(from, to)
    const before = frame.subarray(from, Math.max(from, part[0]))
    const after = frame.subarray(Math.min(to, part[1]), to)
    const all = new Uint8Array(before.length + after.length)
    all.set(before)
    all.set(after, before.length)
    return all
  }

  return {
    tail,
    overhead: start.length + fieldSize + prefix.length + size,
    unwrap(frame, endLength) {
      const total = frame.length
      const place = checksum && placeOf(total, endLength)
      const parts = partsOf(total, endLength, place)
      if (parts === undefined || (checksum !== undefined && place === undefined)) return 'too-short'
      if (checksum !== undefined && place !== undefined) {
        const { part, at } = place
        const marked = prefix.every((byte, index) => frame[part[0] + index] === byte)
        const found = frame.subarray(at, at + size)
        if (!marked || !checksum.matches(found, covered(frame, place))) return 'checksum'
      }
      return keepDelimiters
        ? without(
            frame,
            parts.filter(([from, to]) => to > start.length && from < total - tail - endLength),
          )
        : without(frame, parts)
    },
    wrap(given, end) {
      const payload = keepDelimiters ? stripped(given, start, end) : given
      const total = start.length + fieldSize + payload.length + prefix.length + size + end.length
      const place = checksum && placeOf(total, end.length)
      const parts = partsOf(total, end.length, place)
      if (parts === undefined || (checksum !== undefined && place === undefined)) {
        throw new MapperError(
          'invalid_config',
          `a payload of ${payload.length} bytes is too short for the places of length field and checksum`,
        )
      }
      const frame = new Uint8Array(total)
      let used = 0
      let at = 0
      for (const [from, to] of parts) {
        frame.set(payload.subarray(used, used + from - at), at)
        used += from - at
        at = to
      }
      frame.set(payload.subarray(used), at)
      frame.set(start)
      frame.set(end, total - tail - end.length)
      if (lengthField !== undefined) frame.set(lengthField.write(total), lengthField.offset)
      if (checksum !== undefined && place !== undefined) {
        frame.set(prefix, place.part[0])
        frame.set(checksum.of(covered(frame, place)), place.at)
      }
      return frame
    },
  }
}

function without(frame: Uint8Array, parts: readonly Part[]): Uint8Array {
  const lost = parts.reduce((sum, [from, to]) => sum + to - from, 0)
  const rest = new Uint8Array(frame.length - lost)
  let used = 0
  let at = 0
  for (const [from, to] of [...parts, [frame.length, frame.length] as const]) {
    rest.set(frame.subarray(at, from), used)
    used += from - at
    at = to
  }
  return rest
}

/** A payload that may bring its own delimiters. */
function stripped(payload: Uint8Array, start: Uint8Array, end: Uint8Array): Uint8Array {
  const began = start.every((byte, index) => payload[index] === byte)
  const body = began ? payload.subarray(start.length) : payload
  const rest = body.length - end.length
  return rest >= 0 && end.every((byte, index) => body[rest + index] === byte)
    ? body.subarray(0, rest)
    : body
}
