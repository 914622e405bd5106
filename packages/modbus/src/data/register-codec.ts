import type { Value } from '@mapper-sdk/core'

/** What a value makes of registers: the bits of `data` where `mask` has ones; all of them without a mask. */
export interface RegisterBits {
  readonly data: Uint8Array
  readonly mask?: Uint8Array
}

/** Turns the bytes of registers into a value and back. */
export interface RegisterCodec<T extends Value = Value> {
  /** How many registers the value takes. */
  readonly count: number
  /**
   * The value whose first byte is at `at`. Throws `bad_data` if the bytes hold none, `unsupported` if
   * they say that the device has none.
   */
  decode(view: DataView, at: number): T
  /** The bits of exactly `count` registers. Throws `bad_data` if the value does not fit; never cuts or wraps. */
  encode(value: Value): RegisterBits
}

/** `fill` gets a view of zeros. */
export function bytesOf(registers: number, fill: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(2 * registers)
  fill(new DataView(bytes.buffer))
  return bytes
}

export const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength)

/** The bits of one, two or four registers as a whole number, the highest byte first. */
export function rawBits(view: DataView, at: number, registers: 1 | 2 | 4): bigint {
  if (registers === 4) return view.getBigUint64(at)
  return BigInt(registers === 2 ? view.getUint32(at) : view.getUint16(at))
}

export function bytesOfRaw(raw: bigint, registers: 1 | 2 | 4): Uint8Array {
  return bytesOf(registers, (view) => {
    if (registers === 4) view.setBigUint64(0, raw)
    else if (registers === 2) view.setUint32(0, Number(raw))
    else view.setUint16(0, Number(raw))
  })
}
