import { asciiFrame, nextAsciiFrame } from '../link/ascii-frame.ts'
import { crc16 } from '../link/crc16.ts'

export type LineFraming = 'rtu' | 'ascii'

/** How a device on a line finds requests and wraps answers. */
export interface LineFrames {
  /** The next whole request: unit and PDU, and as it came. Undefined while there is none. */
  next(
    bytes: Buffer,
  ): { readonly body: Buffer; readonly raw: Buffer; readonly end: number } | undefined
  wrap(unit: number, pdu: Buffer): Buffer
}

const longestRequest = 256

const rtu: LineFrames = {
  next(bytes) {
    for (let at = 0; bytes.length - at >= 4; at++) {
      const length = requestLength(bytes, at)
      if (length > bytes.length - at) return undefined
      if (length === 0 || crc16(bytes, at, at + length) !== 0) continue
      const end = at + length
      return { body: bytes.subarray(at, end - 2), raw: bytes.subarray(at, end), end }
    }
    return undefined
  },
  wrap(unit, pdu) {
    const frame = Buffer.concat([Buffer.of(unit), pdu, Buffer.alloc(2)])
    frame.writeUInt16LE(crc16(frame, 0, frame.length - 2), frame.length - 2)
    return frame
  },
}

const ascii: LineFrames = {
  next(bytes) {
    const frame = nextAsciiFrame(bytes, 0, bytes.length)
    if (frame === undefined || frame === 'begun') return undefined
    const { body, start, end } = frame
    return { body, raw: bytes.subarray(start, end), end }
  },
  wrap: (unit, pdu) => asciiFrame(Buffer.concat([Buffer.of(unit), pdu])),
}

export const lineFrames: Readonly<Record<LineFraming, LineFrames>> = { rtu, ascii }

/** Length of the RTU request that starts at `at`, as far as its function code tells; 0 for none. */
function requestLength(bytes: Buffer, at: number): number {
  const functionCode = bytes[at + 1] ?? 0
  if (functionCode === 15 || functionCode === 16) return 9 + (bytes[at + 6] ?? longestRequest)
  if (functionCode === 23) return 13 + (bytes[at + 10] ?? longestRequest)
  return lengths[functionCode] ?? (functionCode >= 1 && functionCode <= 8 ? 8 : 0)
}

const lengths: Readonly<Record<number, number>> = { 17: 4, 22: 10, 43: 7 }
