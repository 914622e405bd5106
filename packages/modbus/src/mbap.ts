import type { Anomaly } from './answer.ts'

/** One whole frame inside the bytes: `[start, end)` is from its unit to the end of its PDU. */
export interface Frame {
  readonly id: number
  readonly start: number
  readonly end: number
}

export interface Split {
  readonly frames: readonly Frame[]
  /** Where the first frame that is not whole starts. */
  readonly rest: number
}

const headerLength = 6

/**
 * Splits what came into Modbus TCP frames. The header of the last, incomplete one is checked as far
 * as it is there: when a frame was cut short and the next one fills it up, the header behind it
 * gives that away before anything is believed.
 */
export function splitFrames(bytes: Buffer, expected: (id: number) => boolean): Split | Anomaly {
  const frames: Frame[] = []
  let at = 0
  for (;;) {
    const left = bytes.length - at
    if (left < 2) return { frames, rest: at }
    const id = bytes.readUInt16BE(at)
    if (!expected(id)) return { anomaly: `transaction ${id}, which waits for no answer` }
    if (left < 4) return { frames, rest: at }
    const protocol = bytes.readUInt16BE(at + 2)
    if (protocol !== 0) return { anomaly: `protocol ${protocol} instead of 0` }
    if (left < headerLength) return { frames, rest: at }
    const length = bytes.readUInt16BE(at + 4)
    if (length < 2 || length > 254) return { anomaly: `length ${length}, outside 2 … 254` }
    const end = at + headerLength + length
    if (end > bytes.length) return { frames, rest: at }
    frames.push({ id, start: at + headerLength, end })
    at = end
  }
}
