/** What a simulated device can do wrong. `late` answers right, after `ms`. */
export type Fault =
  | { readonly kind: 'silent' }
  | { readonly kind: 'late'; readonly ms: number }
  | { readonly kind: 'wrong-unit' }
  | { readonly kind: 'wrong-function' }
  /** TCP and UDP: another transaction id. On a line: a wrong checksum. */
  | { readonly kind: 'wrong-id' }
  /** TCP and UDP: protocol id 0xdead. On a line: a wrong checksum. */
  | { readonly kind: 'wrong-protocol' }
  | { readonly kind: 'short-count' }
  | { readonly kind: 'long-count' }
  /** TCP and UDP: a header that announces 65535 bytes. On a line: 300 bytes of noise. */
  | { readonly kind: 'absurd-length' }
  /** The last `bytes` bytes, 1 if left out, never come. */
  | { readonly kind: 'truncated'; readonly bytes?: number }
  /** These bytes come instead of an answer. */
  | { readonly kind: 'garbage'; readonly bytes: Uint8Array }
  | { readonly kind: 'exception'; readonly code: number }
  /** The connection is reset in the middle of the answer. UDP: half an answer. On a serial line: silence. */
  | { readonly kind: 'rst' }
  /** The connection is closed. UDP and a serial line: silence. */
  | { readonly kind: 'fin' }
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'byte-by-byte' }
  /** The request comes back instead of an answer on TCP and UDP, in front of it on a line. */
  | { readonly kind: 'echo' }
  /** Held back and sent together with the next answer (UDP: behind it), or after 20 ms. */
  | { readonly kind: 'with-next' }

export interface SimulatedRequest {
  /** Counts from 0. */
  readonly index: number
  readonly unit: number
  readonly functionCode: number
  readonly address: number
  /** Registers or bits of a read or a multiple write, the value of a single write. */
  readonly count: number
}

/** Decides for every request what goes wrong; nothing if undefined. */
export type FaultScript = (request: SimulatedRequest) => Fault | undefined

/** What to send, and how. */
export interface Sending {
  readonly bytes: Buffer
  readonly afterMs?: number
  readonly split?: true
  readonly twice?: true
  readonly withNext?: true
  readonly end?: 'rst' | 'fin'
}

/** How a transport wraps a unit and a PDU. */
export interface Envelope {
  wrap(unit: number, pdu: Buffer): Buffer
  /** The frame with its identification (TCP, UDP) or checksum (a line) spoiled. */
  spoil(frame: Buffer, what: 'id' | 'protocol' | 'length'): Buffer
  readonly request: Buffer
  readonly echoReplaces: boolean
}

/** What a device sends when `fault` befalls its answer; undefined for nothing at all. */
export function befall(
  fault: Fault | undefined,
  unit: number,
  pdu: Buffer,
  envelope: Envelope,
): Sending | undefined {
  const frame = envelope.wrap(unit, pdu)
  switch (fault?.kind) {
    case undefined:
      return { bytes: frame }
    case 'silent':
      return undefined
    case 'late':
      return { bytes: frame, afterMs: fault.ms }
    case 'wrong-unit':
      return { bytes: envelope.wrap((unit + 1) & 0xff, pdu) }
    case 'wrong-function':
      return { bytes: envelope.wrap(unit, Buffer.of((pdu[0] ?? 0) ^ 7, ...pdu.subarray(1))) }
    case 'wrong-id':
      return { bytes: envelope.spoil(frame, 'id') }
    case 'wrong-protocol':
      return { bytes: envelope.spoil(frame, 'protocol') }
    case 'absurd-length':
      return { bytes: envelope.spoil(frame, 'length') }
    case 'short-count':
      return { bytes: envelope.wrap(unit, counted(pdu, -2)) }
    case 'long-count':
      return { bytes: envelope.wrap(unit, counted(pdu, 2)) }
    case 'truncated':
      return { bytes: frame.subarray(0, Math.max(1, frame.length - (fault.bytes ?? 1))) }
    case 'garbage':
      return { bytes: Buffer.from(fault.bytes) }
    case 'exception':
      return { bytes: envelope.wrap(unit, Buffer.of((pdu[0] ?? 0) | 0x80, fault.code)) }
    case 'rst':
      return { bytes: frame.subarray(0, frame.length >> 1), end: 'rst' }
    case 'fin':
      return { bytes: Buffer.alloc(0), end: 'fin' }
    case 'duplicate':
      return { bytes: frame, twice: true }
    case 'byte-by-byte':
      return { bytes: frame, split: true }
    case 'echo':
      return {
        bytes: envelope.echoReplaces ? envelope.request : Buffer.concat([envelope.request, frame]),
      }
    case 'with-next':
      return { bytes: frame, withNext: true }
  }
}

/** The PDU with `by` data bytes more or fewer, consistent in itself where it can be. */
function counted(pdu: Buffer, by: number): Buffer {
  const length = Math.min(253, Math.max(2, pdu.length + by))
  const changed = Buffer.alloc(length, 0x2a)
  pdu.copy(changed, 0, 0, length)
  if ((pdu[0] ?? 0) <= 4) changed[1] = length - 2
  return changed
}
