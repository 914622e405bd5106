import type { Place } from './foreign-server.ts'

/*
 * How values are laid out in registers, written down once more without a look at the driver's codec, for
 * servers that know only registers.
 */

const sizes = { 16: 2, 32: 4, 64: 8 } as const
/** Bytes of a value. */
export const sizeOf = ({ type, length = 0 }: Place) =>
  type === 'string' ? 2 * length : sizes[type.slice(-2) as '16' | '32' | '64']

/** The bytes of the registers that hold a value. */
export const encodePlace = (place: Place, value: string): Buffer =>
  reorder(encode(place, value), place)

/** The value in the bytes of registers. */
export const decodePlace = (place: Place, bytes: Uint8Array): string =>
  decode(place, reorder(Buffer.from(bytes), place))

/** Between big-endian bytes and the place's orders, in both directions. */
function reorder(bytes: Buffer, { byteOrder, wordOrder }: Place): Buffer {
  if (wordOrder === 'little') bytes.reverse().swap16()
  return byteOrder === 'little' ? bytes.swap16() : bytes
}

function encode(place: Place, value: string): Buffer {
  const bytes = Buffer.alloc(sizeOf(place))
  switch (place.type) {
    case 'int16':
      bytes.writeInt16BE(Number(value))
      break
    case 'uint16':
      bytes.writeUInt16BE(Number(value))
      break
    case 'int32':
      bytes.writeInt32BE(Number(value))
      break
    case 'uint32':
      bytes.writeUInt32BE(Number(value))
      break
    case 'int64':
      bytes.writeBigInt64BE(BigInt(value))
      break
    case 'uint64':
      bytes.writeBigUInt64BE(BigInt(value))
      break
    case 'float32':
      bytes.writeFloatBE(Number(value))
      break
    case 'float64':
      bytes.writeDoubleBE(Number(value))
      break
    default:
      bytes.write(value)
  }
  return bytes
}

function decode(place: Place, bytes: Buffer): string {
  switch (place.type) {
    case 'int16':
      return String(bytes.readInt16BE())
    case 'uint16':
      return String(bytes.readUInt16BE())
    case 'int32':
      return String(bytes.readInt32BE())
    case 'uint32':
      return String(bytes.readUInt32BE())
    case 'int64':
      return String(bytes.readBigInt64BE())
    case 'uint64':
      return String(bytes.readBigUInt64BE())
    case 'float32':
      return String(bytes.readFloatBE())
    case 'float64':
      return String(bytes.readDoubleBE())
    default:
      return bytes.toString().replace(/\0+$/, '')
  }
}
