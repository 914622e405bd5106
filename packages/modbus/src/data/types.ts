import { valueTypes, type ValueType } from '../config/visitor.ts'

export type BlockType = 'string' | 'bytes'
export type ByteType = 'int8' | 'uint8' | 'bcd8'
export type FloatType = 'float16' | 'float32' | 'float64'
export type BcdType = 'bcd8' | 'bcd16' | 'bcd32'
export type IntegerType = Extract<ValueType, `${'u' | ''}int${number}`>
export type NumberType = IntegerType | FloatType | BcdType
export type WideIntegerType = Exclude<IntegerType, ByteType>

/** Registers of each type of fixed width. */
export const widths: Readonly<Record<Exclude<ValueType, BlockType>, 1 | 2 | 4>> = {
  bool: 1,
  int8: 1,
  uint8: 1,
  int16: 1,
  uint16: 1,
  int32: 2,
  uint32: 2,
  int64: 4,
  uint64: 4,
  float16: 1,
  float32: 2,
  float64: 4,
  bcd8: 1,
  bcd16: 1,
  bcd32: 2,
}

export const isBlock = (type: ValueType): type is BlockType => type === 'string' || type === 'bytes'
export const isByte = (type: ValueType): type is ByteType => type.endsWith('8')
export const isFloat = (type: ValueType): type is FloatType => type.startsWith('float')
export const isBcd = (type: ValueType): type is BcdType => type.startsWith('bcd')
export const isInteger = (type: ValueType): type is IntegerType => /^u?int/.test(type)
export const isSigned = (type: ValueType): boolean => type.startsWith('int')

export const integerTypes = valueTypes.filter(isInteger)
export const wideIntegerTypes = integerTypes.filter(
  (type): type is WideIntegerType => !isByte(type),
)

/** Bits of the value itself: 8 of the 16 of the register for a byte. */
export const bitsOf = (type: Exclude<ValueType, BlockType>): number =>
  isByte(type) ? 8 : 16 * widths[type]

/** A type in a sentence: "a uint8", "an int8". */
export const named = (type: ValueType): string => `${isSigned(type) ? 'an' : 'a'} ${type}`
