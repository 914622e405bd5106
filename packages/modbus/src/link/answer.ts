import type { Answer } from './link.ts'
import { isBits, isRead, pduAt, type Request } from './pdu.ts'

/** Why bytes are no answer to the request. */
export interface Anomaly {
  readonly anomaly: string
}

const empty = new Uint8Array(0)

/**
 * What `bytes[start … end)`, from the unit to the end of the PDU, is when held against the request.
 * The one check that both transports share: unit, function, length, byte count and the echo of a
 * write must be exactly what the request calls for. Data is a view of `bytes`, not a copy.
 */
export function judge(
  request: Request,
  bytes: Uint8Array,
  start: number,
  end: number,
): Answer | Anomaly {
  const length = end - start - 1
  if (length < 2) return { anomaly: `an answer of ${length} bytes` }
  if (bytes[start] !== request.unit) {
    return { anomaly: `an answer of unit ${bytes[start]} instead of ${request.unit}` }
  }
  const functionCode = bytes[start + 1]
  if (functionCode === (request.functionCode | 0x80)) {
    const exception = bytes[start + 2] ?? 0
    if (length !== 2) return { anomaly: `an exception of ${length} bytes instead of 2` }
    return exception === 0 ? { anomaly: 'an exception without a code' } : { ok: false, exception }
  }
  if (functionCode !== request.functionCode) {
    return { anomaly: `function ${functionCode} instead of ${request.functionCode}` }
  }
  if (length !== request.answerLength) {
    return { anomaly: `an answer of ${length} bytes instead of ${request.answerLength}` }
  }
  return isRead(request.functionCode)
    ? judgeRead(request, bytes, start, end)
    : judgeWrite(request, bytes, start)
}

function judgeRead(
  request: Request,
  bytes: Uint8Array,
  start: number,
  end: number,
): Answer | Anomaly {
  const announced = bytes[start + 2]
  if (announced !== request.answerLength - 2) {
    return { anomaly: `a byte count of ${announced} instead of ${request.answerLength - 2}` }
  }
  const data = bytes.subarray(start + 3, end)
  if (!isBits(request.functionCode)) return { ok: true, data }
  // A request for 17 … 24 bits at 0x03xx looks like its own answer. An echo must never pass for bits.
  if (request.answerLength === 5 && repeatsRequest(request, bytes, start)) {
    return { anomaly: 'the request itself instead of an answer' }
  }
  return { ok: true, data: withoutSpareBits(data, request.count) }
}

function judgeWrite(request: Request, bytes: Uint8Array, start: number): Answer | Anomaly {
  return repeatsRequest(request, bytes, start)
    ? { ok: true, data: empty }
    : { anomaly: 'a confirmation of another write' }
}

/** Whether the answer's function code, address and word are those of the request. */
function repeatsRequest(request: Request, bytes: Uint8Array, start: number): boolean {
  for (let at = 0; at < 5; at++) {
    if (bytes[start + 1 + at] !== request.adu[pduAt + at]) return false
  }
  return true
}

/** The spec fills the last byte with zeros; some devices do not, and it must not matter. */
export function withoutSpareBits(data: Uint8Array, count: number): Uint8Array {
  const last = data.length - 1
  const mask = 0xff >> (8 * data.length - count)
  const byte = data[last] ?? 0
  if ((byte & ~mask) === 0) return data
  const clean = Uint8Array.from(data)
  clean[last] = byte & mask
  return clean
}

/** Bytes for an error message: hex, at most 40 of them. */
export function hexOf(bytes: Uint8Array): string {
  const shown = Buffer.from(bytes.subarray(0, 40))
    .toString('hex')
    .replace(/..(?=.)/g, '$& ')
  return bytes.length > 40 ? `${shown} … (${bytes.length} bytes)` : shown
}
