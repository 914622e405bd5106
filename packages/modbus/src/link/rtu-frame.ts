import { hasType, judge, yesLength } from './answer.ts'
import { crc16 } from './crc16.ts'
import type { Found, Framing } from './framing.ts'
import { longestPdu, rtuFrame, type Request } from './pdu.ts'

const crcLength = 2
const exceptionLength = 5

/** The longest frame: unit, PDU and CRC. */
export const longestFrame = 1 + longestPdu + crcLength

/**
 * The first answer to any of `requests` in `bytes[start … end)`, or nothing yet. RTU frames have no
 * length of their own and timers cannot see the pauses between them, so a frame is as long as the
 * answer to its request must be or says to be, its CRC is right, and it passes the check of TCP answers too.
 * Whatever does not is slid over byte by byte; an answer that has only begun is waited for.
 */
export function findAnswer(
  requests: readonly Request[],
  bytes: Uint8Array,
  start: number,
  end: number,
): Found | undefined {
  for (let at = start; at < end; at++) {
    let begun = false
    for (const request of requests) {
      const length = answerLengthAt(request, bytes, at, end)
      if (length === 0) continue
      if (at + length > end) begun = true
      else if (crcFits(bytes, at, at + length)) {
        const answer = judge(request, bytes, at, at + length - crcLength)
        if (!('anomaly' in answer)) return { request, answer, start: at, end: at + length }
      }
    }
    if (begun) return undefined
  }
  return undefined
}

/** How long an answer to the request that starts at `at` is: 0 for none, Infinity while nothing tells. */
function answerLengthAt(request: Request, bytes: Uint8Array, at: number, end: number): number {
  if (bytes[at] !== request.unit) return 0
  if (at + 1 === end) return Infinity
  const functionCode = bytes[at + 1]
  if (functionCode === (request.functionCode | 0x80)) {
    const isWhole = at + exceptionLength <= end
    const isLonger = isWhole && hasType(request, bytes[at + 2])
    return isLonger && !crcFits(bytes, at, at + exceptionLength)
      ? exceptionLength + 1
      : exceptionLength
  }
  if (functionCode !== request.functionCode) return 0
  const length = yesLength(request, bytes, at + 1, end, (early) => {
    const frameEnd = at + 1 + early + crcLength
    return frameEnd <= end && crcFits(bytes, at, frameEnd)
  })
  return length === 0 ? 0 : 1 + (length ?? Infinity) + crcLength
}

function crcFits(bytes: Uint8Array, start: number, end: number): boolean {
  const crc = crc16(bytes, start, end - crcLength)
  return bytes[end - 2] === (crc & 0xff) && bytes[end - 1] === crc >> 8
}

/** Unit, PDU and a checksum in binary. Pauses inside are what USB converters put there. */
export const rtuFraming: Framing = {
  name: 'RTU',
  longest: longestFrame,
  pauseMs: 50,
  encode: rtuFrame,
  answerLength: (request) => 1 + request.answerLength + crcLength,
  find: findAnswer,
}
