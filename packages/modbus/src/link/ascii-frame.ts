import { judge } from './answer.ts'
import type { Found, Framing } from './framing.ts'
import { bodyOf, type Request } from './pdu.ts'

const colon = 0x3a
const carriageReturn = 0x0d
const lineFeed = 0x0a
/** Colon, unit, the longest PDU, checksum, end of line. */
const longest = 1 + 2 * (1 + 253 + 1) + 2

/** A whole frame whose checksum is right. */
export interface AsciiFrame {
  /** Unit and PDU. */
  readonly body: Buffer
  /** Of its colon, and behind its line feed. */
  readonly start: number
  readonly end: number
}

/** The sum of all bytes and this one is 0. */
export function lrcOf(bytes: Uint8Array): number {
  let sum = 0
  for (const byte of bytes) sum += byte
  return -sum & 0xff
}

/** Unit and PDU as an ASCII frame: `:0103006B00037E` and the end of the line. */
export function asciiFrame(body: Uint8Array): Buffer {
  const hex = Buffer.from([...body, lrcOf(body)]).toString('hex')
  return Buffer.from(`:${hex.toUpperCase()}\r\n`, 'latin1')
}

/**
 * The next whole frame in `bytes[start … end)`; `begun` if one is not whole yet. Every colon begins a
 * frame anew, whatever came before it.
 */
export function nextAsciiFrame(
  bytes: Uint8Array,
  start: number,
  end: number,
): AsciiFrame | 'begun' | undefined {
  for (let at = start; at < end; at++) {
    const frame = bytes[at] === colon ? frameAt(bytes, at, end) : undefined
    if (frame !== undefined) return frame
  }
  return undefined
}

function frameAt(bytes: Uint8Array, start: number, end: number): AsciiFrame | 'begun' | undefined {
  const close = Math.min(end, start + longest)
  const body = Buffer.allocUnsafe(longest >> 1)
  let digits = 0
  let at = start + 1
  for (; at < close && bytes[at] !== carriageReturn; at++) {
    const digit = digitOf(bytes[at] ?? 0)
    if (digit === undefined) return undefined
    const high = digits % 2 === 0 ? 0 : (body[digits >> 1] ?? 0) << 4
    body[digits++ >> 1] = high | digit
  }
  if (at + 1 >= close) return at + 1 < start + longest ? 'begun' : undefined
  if (bytes[at + 1] !== lineFeed || digits % 2 === 1 || digits < 6) return undefined
  const whole = body.subarray(0, digits >> 1)
  if (lrcOf(whole) !== 0) return undefined
  return { body: whole.subarray(0, -1), start, end: at + 2 }
}

/** Devices send small letters too. One bit makes the difference, and the value is the same. */
function digitOf(character: number): number | undefined {
  if (character >= 0x30 && character <= 0x39) return character - 0x30
  const small = character | 0x20
  return small >= 0x61 && small <= 0x66 ? small - 0x57 : undefined
}

/**
 * Two characters for a byte between a colon and an end of line (Modbus over serial line, 2.5.2). A frame
 * ends where it says so; its characters may be up to a second apart. The checksum is weak, so all that
 * is asked of a TCP answer is asked here too.
 */
export const asciiFraming: Framing = {
  name: 'ASCII',
  longest,
  pauseMs: 1000,
  encode: (request) => asciiFrame(bodyOf(request)),
  answerLength: (request) => 1 + 2 * (1 + request.answerLength + 1) + 2,
  find: findAnswer,
}

function findAnswer(
  requests: readonly Request[],
  bytes: Uint8Array,
  start: number,
  end: number,
): Found | undefined {
  for (let at = start; ;) {
    const frame = nextAsciiFrame(bytes, at, end)
    if (frame === undefined || frame === 'begun') return undefined
    for (const request of requests) {
      const answer = judge(request, frame.body, 0, frame.body.length)
      if (!('anomaly' in answer)) return { request, answer, start: frame.start, end: frame.end }
    }
    at = frame.end
  }
}
