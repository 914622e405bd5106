import { shortestFloat32, type Value } from '@mapper-sdk/core'
import { bitsOfFloat16, float16Of, shortestFloat16 } from './float16.ts'
import { refusal, toFloat, toInteger } from './refusal.ts'
import { bytesOf, type RegisterCodec } from './register-codec.ts'
import { bitsOf, isFloat, isSigned, widths, type FloatType, type WideIntegerType } from './types.ts'

/** A number that takes its registers whole, big endian. */
export function numberCodec(type: WideIntegerType | FloatType): RegisterCodec<number | bigint> {
  return isFloat(type) ? floatCodec(type) : integerCodec(type)
}

/** How a float is read from the bytes and put into them, and what it becomes there. */
const floats: Readonly<
  Record<
    FloatType,
    {
      get(view: DataView, at: number): number
      set(view: DataView, number: number): void
      round(number: number): number
    }
  >
> = {
  float16: {
    get: (view, at) => shortestFloat16(float16Of(view.getUint16(at))),
    set: (view, number) => view.setUint16(0, bitsOfFloat16(number)),
    round: (number) => float16Of(bitsOfFloat16(number)),
  },
  float32: {
    get: (view, at) => shortestFloat32(view.getFloat32(at)),
    set: (view, number) => view.setFloat32(0, number),
    round: Math.fround,
  },
  float64: {
    get: (view, at) => view.getFloat64(at),
    set: (view, number) => view.setFloat64(0, number),
    round: (number) => number,
  },
}

/** A float takes the nearest number that it has; only what would become infinite or nothing is refused. */
function floatCodec(type: FloatType): RegisterCodec<number> {
  const { get, set, round } = floats[type]
  const count = widths[type]
  return {
    count,
    decode: get,
    encode(value) {
      const number = toFloat(value)
      const rounded = round(number)
      if (!Number.isFinite(rounded)) throw refusal(value, `out of range for ${type}`)
      if (rounded === 0 && number !== 0) throw refusal(value, `too small for ${type}`)
      return { data: bytesOf(count, (view) => set(view, number)) }
    },
  }
}

type Accessor = 'Int16' | 'Uint16' | 'Int32' | 'Uint32' | 'BigInt64' | 'BigUint64'

const accessors: Readonly<Record<WideIntegerType, Accessor>> = {
  int16: 'Int16',
  uint16: 'Uint16',
  int32: 'Int32',
  uint32: 'Uint32',
  int64: 'BigInt64',
  uint64: 'BigUint64',
}

/** The lowest and the highest whole number of so many bits. */
export function rangeOf(bits: number, signed: boolean): readonly [lowest: bigint, highest: bigint] {
  const size = 1n << BigInt(bits)
  return signed ? [-(size / 2n), size / 2n - 1n] : [0n, size - 1n]
}

function integerCodec(type: WideIntegerType): RegisterCodec<number | bigint> {
  const accessor = accessors[type]
  const count = widths[type]
  const [lowest, highest] = rangeOf(bitsOf(type), isSigned(type))
  const encode = (value: Value) => {
    const integer = toInteger(value)
    if (integer < lowest || integer > highest) {
      throw refusal(value, `out of range for ${type} (${lowest}…${highest})`)
    }
    const data = bytesOf(count, (view) => {
      if (accessor === 'BigInt64' || accessor === 'BigUint64') view[`set${accessor}`](0, integer)
      else view[`set${accessor}`](0, Number(integer))
    })
    return { data }
  }
  if (accessor === 'BigInt64' || accessor === 'BigUint64') {
    return { count, decode: (view, at) => narrow(view[`get${accessor}`](at)), encode }
  }
  return { count, decode: (view, at) => view[`get${accessor}`](at), encode }
}

const narrow = (big: bigint): number | bigint => {
  const number = Number(big)
  return Number.isSafeInteger(number) ? number : big
}
