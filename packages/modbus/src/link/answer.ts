import type { Answer } from './link.ts'
import { identificationType, longestPdu, pduAt, pduLengthOf, type Request } from './pdu.ts'

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
    // Some devices repeat the type in the exception to 43/14, as older editions of the protocol have it.
    const at = length === 3 && hasType(request, bytes[start + 2]) ? start + 3 : start + 2
    const exception = bytes[at] ?? 0
    if (at + 1 !== end) return { anomaly: `an exception of ${length} bytes instead of 2` }
    return exception === 0 ? { anomaly: 'an exception without a code' } : { ok: false, exception }
  }
  if (functionCode !== request.functionCode) {
    return { anomaly: `function ${functionCode} instead of ${request.functionCode}` }
  }
  const due = yesLength(request, bytes, start + 1, end, (early) => early === length)
  if (length !== due) return { anomaly: misfit(request, length, due, bytes[start + 2]) }
  const repeats = repeatsRequest(request, bytes, start, end)
  if (request.shape === 'echo') {
    return repeats ? { ok: true, data: empty } : { anomaly: 'a confirmation of another write' }
  }
  // A request for 17 … 24 bits at 0x03xx looks like its own answer, and so do some of function 23. An
  // echo must never pass for data.
  if (repeats && length === pduLengthOf(request)) {
    return { anomaly: 'the request itself instead of an answer' }
  }
  const data = bytes.subarray(start + (request.shape === 'objects' ? 4 : 3), end)
  const isBits = request.shape === 'bits'
  return { ok: true, data: isBits ? withoutSpareBits(data, request.count) : data }
}

/** Whether the byte behind the function code repeats the type of a request for 43/14. */
export const hasType = ({ shape }: Request, byte: number | undefined): boolean =>
  shape === 'objects' && byte === identificationType

function misfit(
  { shape, answerLength }: Request,
  length: number,
  due: number | undefined,
  second: number | undefined,
): string {
  if (due === undefined) return `an answer that breaks off after ${length} bytes`
  if (due > 0) return `an answer of ${length} bytes instead of ${due}`
  if (shape === 'objects') return 'no list of the objects that were asked for'
  const most = shape === 'counted' ? `at most ${answerLength - 2}` : `${answerLength - 2}`
  return `a byte count of ${second} instead of ${most}`
}

/**
 * How many bytes a yes whose function code is at `at` has from there on. Undefined while the bytes up to
 * `end` do not tell; 0 when they cannot be the beginning of a yes. `endsAfter` tells whether an answer of
 * that length would be whole, for lists that are shorter than they say.
 */
export function yesLength(
  { shape, answerLength, adu }: Request,
  bytes: Uint8Array,
  at: number,
  end: number,
  endsAfter: (length: number) => boolean,
): number | undefined {
  if (shape === 'echo') return answerLength
  const second = at + 1 < end ? bytes[at + 1] : undefined
  switch (shape) {
    case 'bits':
    case 'registers':
      return second === undefined || second === answerLength - 2 ? answerLength : 0
    case 'counted':
      if (second === undefined) return undefined
      return 2 + second <= answerLength ? 2 + second : 0
    case 'objects': {
      if (second !== undefined && second !== identificationType) return 0
      // A device that cannot do what was asked may answer, and say so, on a level below.
      const level = at + 2 < end ? (bytes[at + 2] ?? 0) : 1
      if (level < 1 || level > (adu[pduAt + 2] ?? 0)) return 0
      return listLength(bytes, at, end, endsAfter)
    }
  }
}

/** Bytes of an answer to 43/14: function, type, level, conformity, more, next, count, then the objects. */
function listLength(
  bytes: Uint8Array,
  at: number,
  end: number,
  endsAfter: (length: number) => boolean,
): number | undefined {
  if (at + 6 >= end) return undefined
  const count = bytes[at + 6] ?? 0
  let length = 7
  for (let index = 0; index < count; index++) {
    // Some devices count the objects of all answers together, as an example of the specification does.
    if (index > 0 && endsAfter(length)) return length
    // Id, length, text.
    if (length + 2 > longestPdu) return 0
    if (at + length + 1 >= end) return undefined
    length += 2 + (bytes[at + length + 1] ?? 0)
  }
  return length <= longestPdu ? length : 0
}

/** Whether the answer, from its function code on, is what the request began with. */
function repeatsRequest(request: Request, bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = 0; start + 1 + at < end; at++) {
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
