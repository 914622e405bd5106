/** Types that take more than one register, and what of JavaScript they hold. Big endian, high word first. */
export const rawTypes = {
  int16: 1,
  uint16: 1,
  int32: 2,
  uint32: 2,
  float32: 2,
  int64: 4,
  uint64: 4,
  float64: 4,
} as const
export type RawType = keyof typeof rawTypes

export const isRawType = (name: string): name is RawType => Object.hasOwn(rawTypes, name)

/** A number as registers. Throws a RangeError when the type cannot hold it. */
export function rawRegisters(type: RawType, value: number | bigint): number[] {
  const bytes = Buffer.alloc(2 * rawTypes[type])
  if (type === 'float32') bytes.writeFloatBE(Number(value))
  else if (type === 'float64') bytes.writeDoubleBE(Number(value))
  else if (type === 'int64') bytes.writeBigInt64BE(BigInt(value))
  else if (type === 'uint64') bytes.writeBigUInt64BE(BigInt(value))
  else {
    if (!Number.isInteger(Number(value))) throw new RangeError(`${value} is not a whole number`)
    if (type === 'int16') bytes.writeInt16BE(Number(value))
    else if (type === 'uint16') bytes.writeUInt16BE(Number(value))
    else if (type === 'int32') bytes.writeInt32BE(Number(value))
    else bytes.writeUInt32BE(Number(value))
  }
  return wordsOf(bytes)
}

/** A text as registers, two bytes of UTF-8 each, the last filled up with a NUL. */
export const textRegisters = (text: string): number[] =>
  wordsOf(Buffer.concat([Buffer.from(text), Buffer.alloc(Buffer.byteLength(text) % 2)]))

const wordsOf = (bytes: Buffer): number[] =>
  Array.from({ length: bytes.length / 2 }, (_, at) => bytes.readUInt16BE(2 * at))
