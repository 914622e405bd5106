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
  /** The payload, perhaps a view of the frame, of a frame whose end has `endLength` bytes, or why there is none. */
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

/** What is to be done with a frame of some length. */
interface Plan {
  readonly place: Place | undefined
  /** The payload. */
  readonly kept: readonly Part[]
}

const mostPlans = 64
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

  function planOf(total: number, endLength: number): Plan | undefined {
    const place = checksum && placeOf(total, endLength)
    const parts = partsOf(total, endLength, place)
    if (parts === undefined || (checksum !== undefined && place === undefined)) return undefined
    const cut = keepDelimiters
      ? parts.filter(([from, to]) => to > start.length && from < total - tail - endLength)
      : parts
    return { place, kept: between(cut, total) }
  }

  /** Frames of a device have few lengths. */
  const plans = new Map<number, Plan | undefined>()
  let plansEndLength = -1

  function plan(total: number, endLength: number): Plan | undefined {
    const known = plansEndLength === endLength ? plans.get(total) : undefined
    if (known !== undefined) return known
    if (plansEndLength !== endLength || plans.size >= mostPlans) plans.clear()
    plansEndLength = endLength
    const made = planOf(total, endLength)
    plans.set(total, made)
    return made
  }

  function isRight(frame: Uint8Array, place: Place): boolean {
    if (checksum === undefined) return true
    const { part, at, from, to } = place
    for (let index = 0; index < prefix.length; index++) {
      if (frame[part[0] + index] !== prefix[index]) return false
    }
    const found = frame.subarray(at, at + size)
    return isApart(place)
      ? checksum.matches(found, frame, from, to)
      : checksum.matches(found, covered(frame, place))
  }

  return {
    tail,
    overhead: start.length + fieldSize + prefix.length + size,
    unwrap(frame, endLength) {
      const found = plan(frame.length, endLength)
      if (found === undefined) return 'too-short'
      const { place, kept } = found
      return place === undefined || isRight(frame, place) ? joined(frame, kept) : 'checksum'
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

/** Whether the checksum does not cover its own place. */
const isApart = ({ part, from, to }: Place) => to <= part[0] || from >= part[1]

/** The bytes that the checksum covers, never its own. */
function covered(frame: Uint8Array, place: Place): Uint8Array {
  const { part, from, to } = place
  if (isApart(place)) return frame.subarray(from, to)
  return joined(frame, [
    [from, Math.max(from, part[0])],
    [Math.min(to, part[1]), to],
  ])
}

/** What is not in the parts, which are in order. */
function between(parts: readonly Part[], total: number): readonly Part[] {
  const rest: Part[] = []
  let at = 0
  for (const [from, to] of [...parts, [total, total] as const]) {
    if (from > at) rest.push([at, from])
    at = to
  }
  return rest
}

function joined(frame: Uint8Array, parts: readonly Part[]): Uint8Array {
  const [only] = parts
  if (parts.length === 1 && only !== undefined) return frame.subarray(only[0], only[1])
  const all = new Uint8Array(parts.reduce((sum, [from, to]) => sum + to - from, 0))
  let used = 0
  for (const [from, to] of parts) {
    all.set(frame.subarray(from, to), used)
    used += to - from
  }
  return all
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
