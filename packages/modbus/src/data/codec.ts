import { MapperError, type Value } from '@mapper-sdk/core'
import type { ModbusVisitor, ValueType } from '../config/visitor.ts'
import { shortestFloat32 } from './float32.ts'

export type RegisterType = Exclude<ValueType, 'bool' | 'string' | 'bytes'>

/** Registers of each type of fixed width. */
export const widths: Readonly<Record<RegisterType | 'bool', number>> = {
  bool: 1,
  int16: 1,
  uint16: 1,
  int32: 2,
  uint32: 2,
  int64: 4,
  uint64: 4,
  float32: 2,
  float64: 4,
}

/** Turns the bytes of registers, as on the wire, into a value and back. */
export interface RegisterCodec {
  /** How many registers the value takes. */
  readonly count: number
  /** The value whose first byte is at `at`. Throws `bad_data` if the bytes hold none. */
  decode(view: DataView, at: number): Value
  /** The bytes of exactly `count` registers. Throws `bad_data` if the value does not fit; never cuts or wraps. */
  encode(value: Value): Uint8Array
}

/** Compiles the codec of a checked visitor of a register table. */
export function compileRegisters(visitor: ModbusVisitor, type: ValueType): RegisterCodec {
  if (type === 'bool') return boolCodec(visitor)
  if (type === 'string' || type === 'bytes') return ordered(visitor, blockOf(visitor, type))
  return ordered(visitor, numberCodec(type))
}

/** 0 or 1 for a number, a boolean as it is: what a single bit may be set to. Throws `bad_data`. */
export function toBit(value: Value): boolean {
  if (typeof value === 'boolean') return value
  if (value === 1 || value === 1n) return true
  if (value === 0 || value === 0n) return false
  throw refusal(value, 'a bit is true or false, 1 or 0')
}

function boolCodec({ bit, byteOrder }: ModbusVisitor): RegisterCodec {
  const mask = bit === undefined ? 0xffff : 1 << bit
  const little = byteOrder === 'little'
  return {
    count: 1,
    decode: (view, at) => (view.getUint16(at, little) & mask) !== 0,
    encode(value) {
      // Setting one bit means to read the register, change it and write it back: not atomic on Modbus.
      if (bit !== undefined) {
        throw new MapperError('unsupported', 'a single bit of a register cannot be written')
      }
      const bytes = new Uint8Array(2)
      new DataView(bytes.buffer).setUint16(0, toBit(value) ? 1 : 0, little)
      return bytes
    },
  }
}

type Accessor = 'Int16' | 'Uint16' | 'Int32' | 'Uint32' | 'BigInt64' | 'BigUint64'

const integers: Readonly<
  Record<Exclude<RegisterType, 'float32' | 'float64'>, readonly [Accessor, bigint, bigint]>
> = {
  int16: ['Int16', -(2n ** 15n), 2n ** 15n - 1n],
  uint16: ['Uint16', 0n, 2n ** 16n - 1n],
  int32: ['Int32', -(2n ** 31n), 2n ** 31n - 1n],
  uint32: ['Uint32', 0n, 2n ** 32n - 1n],
  int64: ['BigInt64', -(2n ** 63n), 2n ** 63n - 1n],
  uint64: ['BigUint64', 0n, 2n ** 64n - 1n],
}

function numberCodec(type: RegisterType): RegisterCodec {
  const count = widths[type]
  if (type === 'float32') {
    return {
      count,
      decode: (view, at) => shortestFloat32(view.getFloat32(at)),
      encode(value) {
        const number = toFloat(value)
        if (!Number.isFinite(Math.fround(number))) throw refusal(value, 'out of range for float32')
        return bytesOf(count, (view) => view.setFloat32(0, number))
      },
    }
  }
  if (type === 'float64') {
    return {
      count,
      decode: (view, at) => view.getFloat64(at),
      encode: (value) => {
        const number = toFloat(value)
        return bytesOf(count, (view) => view.setFloat64(0, number))
      },
    }
  }
  const [accessor, lowest, highest] = integers[type]
  const encode = (value: Value) => {
    const integer = toInteger(value)
    if (integer < lowest || integer > highest) {
      throw refusal(value, `out of range for ${type} (${lowest}…${highest})`)
    }
    return bytesOf(count, (view) => {
      if (accessor === 'BigInt64' || accessor === 'BigUint64') view[`set${accessor}`](0, integer)
      else view[`set${accessor}`](0, Number(integer))
    })
  }
  if (accessor === 'BigInt64' || accessor === 'BigUint64') {
    return { count, decode: (view, at) => narrow(view[`get${accessor}`](at)), encode }
  }
  return { count, decode: (view, at) => view[`get${accessor}`](at), encode }
}

function blockOf({ length }: ModbusVisitor, type: 'string' | 'bytes'): RegisterCodec {
  if (length === undefined) {
    throw new MapperError('invalid_config', `length: a ${type} needs its number of registers`)
  }
  const size = 2 * length
  const take = (view: DataView, at: number) =>
    new Uint8Array(view.buffer, view.byteOffset + at, size)
  if (type === 'bytes') {
    return {
      count: length,
      decode: (view, at) => take(view, at).slice(),
      encode(value) {
        if (!(value instanceof Uint8Array)) throw refusal(value, 'not bytes')
        if (value.length === size) return value.slice()
        throw refusal(value, `${value.length} bytes where there are ${size}`)
      },
    }
  }
  return {
    count: length,
    decode: (view, at) => readText(take(view, at)),
    encode(value) {
      if (typeof value !== 'string') throw refusal(value, 'not a text')
      const text = new TextEncoder().encode(value)
      if (text.length > size) {
        throw refusal(value, `${text.length} bytes where there is room for ${size}`)
      }
      const padded = new Uint8Array(size)
      padded.set(text)
      // Half a character, a NUL inside or spaces at the end would not survive the way back.
      if (readBack(padded) !== value) throw refusal(value, 'it would not be read back the same')
      return padded
    },
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Devices fill up with NULs or spaces, and leave remains of older texts behind a NUL. */
function readText(bytes: Uint8Array): string {
  const nul = bytes.indexOf(0)
  let end = nul === -1 ? bytes.length : nul
  while (end > 0 && bytes[end - 1] === 0x20) end--
  try {
    return utf8.decode(bytes.subarray(0, end))
  } catch (cause) {
    throw new MapperError('bad_data', 'the registers hold no UTF-8 text', { cause })
  }
}

function readBack(bytes: Uint8Array): string | undefined {
  try {
    return readText(bytes)
  } catch {
    return undefined
  }
}

/** Puts a codec for big-endian values behind the visitor's byte and word order. */
function ordered({ byteOrder, wordOrder }: ModbusVisitor, codec: RegisterCodec): RegisterCodec {
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
      const big = codec.encode(value)
      return big.map((_, index) => big[places[index] ?? 0] ?? 0)
    },
  }
}

const bytesOf = (count: number, fill: (view: DataView) => void) => {
  const bytes = new Uint8Array(2 * count)
  fill(new DataView(bytes.buffer))
  return bytes
}

const narrow = (big: bigint): number | bigint => {
  const number = Number(big)
  return Number.isSafeInteger(number) ? number : big
}

function toInteger(value: Value): bigint {
  if (typeof value === 'bigint') return value
  if (typeof value === 'boolean') return value ? 1n : 0n
  if (typeof value !== 'number') throw refusal(value, 'not a number')
  // Beyond 2^53 a number is no longer known to be the integer that was meant.
  if (!Number.isSafeInteger(value)) throw refusal(value, 'not a whole number that is exact')
  return BigInt(value)
}

function toFloat(value: Value): number {
  const number = typeof value === 'bigint' ? Number(value) : value
  if (typeof number !== 'number') throw refusal(value, 'not a number')
  if (!Number.isFinite(number)) throw refusal(value, 'not a finite number')
  return number
}

const refusal = (value: Value, why: string) => {
  const shown =
    value instanceof Uint8Array ? 'the bytes' : JSON.stringify(String(value)).slice(0, 80)
  return new MapperError('bad_data', `${shown} cannot be written: ${why}`)
}
