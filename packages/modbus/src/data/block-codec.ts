import { MapperError } from '@mapper-sdk/core'
import type { ModbusVisitor } from '../config/visitor.ts'
import { refusal } from './refusal.ts'
import type { RegisterCodec } from './register-codec.ts'
import { textEncodings } from './text-encoding.ts'

/** The bytes of `length` registers as they are. */
export function bytesCodec(length: number): RegisterCodec {
  const size = 2 * length
  return {
    count: length,
    // A copy: the view is of the buffer of the socket.
    decode: (view, at) => new Uint8Array(view.buffer, view.byteOffset + at, size).slice(),
    encode(value) {
      if (!(value instanceof Uint8Array)) throw refusal(value, 'not bytes')
      if (value.length === size) return { data: value.slice() }
      throw refusal(value, `${value.length} bytes where there are ${size}`)
    },
  }
}

type TextOptions = Pick<ModbusVisitor, 'byte' | 'encoding' | 'padding' | 'trim' | 'noValue'>

/**
 * A text in `length` registers, two bytes each or one. It ends at the first NUL: devices leave remains
 * of older texts behind it. With one byte a register the other one is not read, and written as 0.
 */
export function textCodec(length: number, options: TextOptions): RegisterCodec {
  const { byte, encoding = 'utf-8', padding = 'nul', trim = 'end', noValue } = options
  const { decode, encode } = textEncodings[encoding]
  const step = byte === undefined ? 1 : 2
  const first = byte === 'low' ? 1 : 0
  const size = (2 * length) / step

  const read = (bytes: Uint8Array) => {
    const nul = bytes.indexOf(0)
    const text = decode(nul === -1 ? bytes : bytes.subarray(0, nul))
    if (text === undefined) {
      throw new MapperError('bad_data', `the registers hold no ${encoding} text`)
    }
    const ended = trim === 'none' ? text : text.replace(/ +$/, '')
    return trim === 'both' ? ended.replace(/^ +/, '') : ended
  }

  return {
    count: length,
    decode(view, at) {
      const bytes = Uint8Array.from({ length: size }, (_, index) =>
        view.getUint8(at + first + step * index),
      )
      if (noValue !== undefined && bytes[0] === 0) {
        throw new MapperError('unsupported', 'the device has no text here (it begins with a NUL)')
      }
      return read(bytes)
    },
    encode(value) {
      if (typeof value !== 'string') throw refusal(value, 'not a text')
      const bytes = encode(value)
      if (bytes === undefined) throw refusal(value, `it has characters that ${encoding} has not`)
      if (bytes.length > size) {
        throw refusal(value, `${bytes.length} bytes where there is room for ${size}`)
      }
      const padded = new Uint8Array(size).fill(padding === 'space' ? 0x20 : 0)
      padded.set(bytes)
      // Half a character, a NUL inside or spaces at the end would not survive the way back.
      if (read(padded) !== value) throw refusal(value, 'it would not be read back the same')
      if (noValue !== undefined && padded[0] === 0) {
        throw refusal(value, 'it would be read as no value')
      }
      const data = new Uint8Array(2 * length)
      for (const [index, one] of padded.entries()) data[first + step * index] = one
      return { data }
    },
  }
}
