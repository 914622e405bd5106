import { MapperError } from '@mapper-sdk/core'
import { createLayout, type LengthField } from './layout.ts'
import type { LengthSpec } from './frame-spec.ts'

export interface ReadableLengthField extends LengthField {
  /** Bytes of the whole frame that starts at `at`, as the field says; may be anything, negative as well. */
  read(bytes: Uint8Array, at: number): number
}

/** How the length field of a frame with these delimiters is read and written. */
export function lengthFieldOf(
  spec: LengthSpec,
  start: Uint8Array,
  end: Uint8Array,
): ReadableLengthField {
  const { offset, size = 1, order = 'big', counts = 'rest', adjust = 0 } = spec
  const overhead = createLayout({ start, checksum: spec.checksum }).overhead + size + end.length
  /** Bytes of the frame that the field does not count. */
  const others = { rest: offset + size, payload: overhead, frame: 0 }[counts]
  const placeOf = (index: number) => offset + (order === 'big' ? index : size - 1 - index)
  return {
    offset,
    size,
    read(bytes, at) {
      let value = 0
      for (let index = 0; index < size; index++) {
        value = value * 256 + (bytes[at + placeOf(index)] ?? 0)
      }
      return value + adjust + others
    },
    write(total) {
      const value = total - others - adjust
      if (value < 0 || value >= 256 ** size) {
        throw new MapperError('invalid_config', `no length field of ${size} bytes can say ${value}`)
      }
      const field = new Uint8Array(size)
      for (let index = 0; index < size; index++) {
        field[placeOf(index) - offset] = Math.floor(value / 256 ** (size - 1 - index)) & 0xff
      }
      return field
    },
  }
}
