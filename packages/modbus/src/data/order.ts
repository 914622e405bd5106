import type { Value } from '@mapper-sdk/core'
import type { ModbusVisitor } from '../config/visitor.ts'
import type { RegisterCodec } from './register-codec.ts'

/** Puts a codec for big-endian bytes behind the visitor's byte and word order. */
export function ordered<T extends Value>(
  { byteOrder, wordOrder }: Pick<ModbusVisitor, 'byteOrder' | 'wordOrder'>,
  codec: RegisterCodec<T>,
): RegisterCodec<T> {
  const swapBytes = byteOrder === 'little'
  const swapWords = wordOrder === 'little' && codec.count > 1
  if (!swapBytes && !swapWords) return codec
  const { count } = codec
  const size = 2 * count
  // Where each byte of the big-endian value is among the bytes of the device; its own inverse.
  const places = Uint8Array.from({ length: size }, (_, index) => {
    const word = index >> 1
    return 2 * (swapWords ? count - 1 - word : word) + (swapBytes ? 1 - (index & 1) : index & 1)
  })
  const moved = (big: Uint8Array) => big.map((_, index) => big[places[index] ?? 0] ?? 0)
  const scratch = new DataView(new ArrayBuffer(size))
  return {
    count,
    decode(view, at) {
      for (const [index, place] of places.entries()) {
        scratch.setUint8(index, view.getUint8(at + place))
      }
      return codec.decode(scratch, 0)
    },
    encode(value) {
      const { data, mask } = codec.encode(value)
      return { data: moved(data), ...(mask && { mask: moved(mask) }) }
    },
  }
}
