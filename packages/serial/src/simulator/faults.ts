import { createFramer } from '../frame/framer.ts'
import type { Saying } from './simulated-device.ts'

/** What can go wrong with the answer to a request. */
export type Fault =
  | { readonly kind: 'silent' }
  /** The answer is right, but comes after `ms`. */
  | { readonly kind: 'late'; readonly ms: number }
  /** Each byte on its own; over UDP in a datagram of its own. */
  | { readonly kind: 'byte-by-byte' }
  /** A bit is wrong, so that the checksum is; without a checksum the last byte is another. */
  | { readonly kind: 'wrong-checksum' }
  /** The second half never comes. */
  | { readonly kind: 'half' }
  /** These bytes come right before the answer. */
  | { readonly kind: 'noise'; readonly bytes: Uint8Array }
  /** These bytes come instead of the answer. */
  | { readonly kind: 'garbage'; readonly bytes: Uint8Array }
  | { readonly kind: 'twice' }
  /** The request comes back before the answer, as half-duplex converters do it. */
  | { readonly kind: 'echo' }

export interface SimulatedRequest {
  /** Counts from 0. */
  readonly index: number
  readonly payload: Uint8Array
  /** All its bytes. */
  readonly raw: Uint8Array
}

/** Decides for every request what goes wrong; nothing if undefined. */
export type FaultScript = (request: SimulatedRequest) => Fault | undefined

/** What comes instead when `fault` befalls an answer. */
export function befall(
  fault: Fault | undefined,
  said: readonly Saying[],
  request: SimulatedRequest,
): readonly Saying[] {
  const each = (change: (saying: Saying) => Uint8Array) =>
    said.map((saying) => ({ ...saying, bytes: change(saying) }))
  const before = (bytes: Uint8Array) =>
    said.flatMap((saying, index) => (index === 0 ? [{ ...saying, bytes }, saying] : [saying]))
  switch (fault?.kind) {
    case undefined:
      return said
    case 'silent':
      return []
    case 'late':
      return said.map((saying) => ({ ...saying, afterMs: saying.afterMs + fault.ms }))
    case 'byte-by-byte':
      return said.flatMap((saying) =>
        Array.from(saying.bytes, (byte) => ({ ...saying, bytes: Uint8Array.of(byte) })),
      )
    case 'wrong-checksum':
      return each(spoiled)
    case 'half':
      return each(({ bytes }) => bytes.subarray(0, bytes.length >> 1))
    case 'noise':
      return before(fault.bytes)
    case 'garbage':
      return said.slice(0, 1).map((saying) => ({ ...saying, bytes: fault.bytes }))
    case 'twice':
      return said.flatMap((saying) => [saying, saying])
    case 'echo':
      return before(request.raw)
  }
}

/** The frame with the last bit wrong that makes its checksum wrong, and not its form. */
function spoiled({ bytes, frame }: Saying): Uint8Array {
  const flipped = (at: number) => bytes.map((byte, index) => (index === at ? byte ^ 1 : byte))
  for (let at = bytes.length - 1; at >= 0 && frame.checksum !== undefined; at--) {
    const changed = flipped(at)
    const framer = createFramer(frame)
    const found = [...framer.push(changed, 0), ...framer.finish(0)]
    if (found.some((one) => !one.good && one.reason === 'checksum')) return changed
  }
  return flipped(bytes.length - 1)
}
