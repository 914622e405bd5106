import type { ModbusVisitor, ValueType } from '../config/visitor.ts'
import { parseBitNames, withBitNames } from './bit-names.ts'
import { onesOf, parseBits, parseMask, parseShift, type BitRange } from './bit-range.ts'
import { bytesCodec, textCodec } from './block-codec.ts'
import { conflict, reading } from './conflict.ts'
import { fieldCodec } from './field-codec.ts'
import { byPowerOfTwo, timesPowerOfTwo } from './fixed-point.ts'
import { parseNoValue, withNoValue } from './no-value.ts'
import { numberCodec } from './number-codec.ts'
import { ordered } from './order.ts'
import { toBit } from './refusal.ts'
import { bytesOf, type RegisterCodec } from './register-codec.ts'
import {
  bitsOf,
  isBcd,
  isBlock,
  isByte,
  isFloat,
  isInteger,
  isSigned,
  widths,
  type BlockType,
  type IntegerType,
  type NumberType,
} from './types.ts'

/** The codec of a visitor whose fields are for its type. Throws `invalid_config` naming the field. */
export function compileRegisters(visitor: ModbusVisitor, type: ValueType): RegisterCodec {
  if (type === 'bool') return ordered(visitor, boolCodec(visitor))
  if (isBlock(type)) return ordered(visitor, blockCodec(visitor, type))
  const codec = compileNumber(visitor, type)
  if (!isInteger(type)) return codec
  const { fractionBits, bitNames } = visitor
  if (fractionBits !== undefined) return withFraction(codec, fractionBits)
  return bitNames === undefined ? codec : withNames(codec, bitNames, visitor, type)
}

/** The number that the registers hold, before any fraction, scale factor or names. */
export function compileNumber(
  visitor: ModbusVisitor,
  type: NumberType,
): RegisterCodec<number | bigint> {
  const codec = plainNumber(visitor, type)
  const { noValue } = visitor
  if (noValue === undefined) return ordered(visitor, codec)
  const parsed = reading('noValue', () => parseNoValue(noValue, type))
  const start = isByte(type) ? rangeIn(visitor, type).shift : 0
  return ordered(visitor, withNoValue(codec, parsed, type, start))
}

function plainNumber(visitor: ModbusVisitor, type: NumberType): RegisterCodec<number | bigint> {
  if (isFloat(type)) return numberCodec(type)
  const range = rangeIn(visitor, type)
  if (isInteger(type) && !isByte(type) && range.mask === onesOf(bitsOf(type))) {
    return numberCodec(type)
  }
  const reads = isBcd(type) ? 'bcd' : isSigned(type) ? 'signed' : 'unsigned'
  return fieldCodec({ registers: widths[type], ...range, reads })
}

/** Which bits of its registers a number takes. */
function rangeIn({ byte, bits, mask, shift }: ModbusVisitor, type: NumberType): BitRange {
  if (isByte(type)) return byte === 'high' ? { mask: 0xff00n, shift: 8 } : { mask: 0xffn, shift: 0 }
  const width = bitsOf(type)
  if (bits !== undefined) return reading('bits', () => parseBits(bits, width))
  const only = mask === undefined ? undefined : reading('mask', () => parseMask(mask, width))
  if (shift !== undefined) return reading('shift', () => parseShift(shift, only, width))
  return { mask: only ?? onesOf(width), shift: 0 }
}

function withNames(
  codec: RegisterCodec<number | bigint>,
  text: string,
  visitor: ModbusVisitor,
  type: IntegerType,
): RegisterCodec {
  const { mask, shift } = rangeIn(visitor, type)
  const width = (mask >> BigInt(shift)).toString(2).length
  const names = reading('bitNames', () => parseBitNames(text, width))
  return withBitNames(codec, names, width)
}

const withFraction = (codec: RegisterCodec<number | bigint>, bits: number): RegisterCodec => ({
  count: codec.count,
  decode: (view, at) => byPowerOfTwo(codec.decode(view, at), bits),
  encode: (value) => codec.encode(timesPowerOfTwo(value, bits)),
})

/** One bit of a register, or a register as a whole: then anything but 0 is true. */
function boolCodec({ bit }: ModbusVisitor): RegisterCodec<boolean> {
  const mask = bit === undefined ? 0xffff : 1 << bit
  const bytes = (word: number) => bytesOf(1, (view) => view.setUint16(0, word))
  return {
    count: 1,
    decode: (view, at) => (view.getUint16(at) & mask) !== 0,
    encode: (value) =>
      bit === undefined
        ? { data: bytes(toBit(value) ? 1 : 0) }
        : { data: bytes(toBit(value) ? mask : 0), mask: bytes(mask) },
  }
}

function blockCodec(visitor: ModbusVisitor, type: BlockType): RegisterCodec {
  const { length, noValue } = visitor
  if (length === undefined)
    throw conflict('length', `is missing; a ${type} needs its number of registers`)
  if (noValue !== undefined && String(noValue).trim().toLowerCase() !== 'sunspec') {
    throw conflict('noValue', 'of a string can only be sunspec: a text that begins with a NUL')
  }
  return type === 'bytes' ? bytesCodec(length) : textCodec(length, visitor)
}
