import { MapperError } from '@mapper-sdk/core'

/** Numbers as bytes: their names are those of templates and of values. More than one byte has an order. */
export const numberTypes = [
  ...([
    'u8',
    'i8',
    'u16be',
    'u16le',
    'i16be',
    'i16le',
    'u24be',
    'u24le',
    'i24be',
    'i24le',
  ] as const),
  ...(['u32be', 'u32le', 'i32be', 'i32le', 'u64be', 'u64le', 'i64be', 'i64le'] as const),
  ...(['f32be', 'f32le', 'f64be', 'f64le'] as const),
] as const

export type NumberType = (typeof numberTypes)[number]

export const isNumberType = (text: string): text is NumberType =>
  (numberTypes as readonly string[]).includes(text)

interface Layout {
  readonly kind: 'u' | 'i' | 'f'
  readonly size: number
  readonly little: boolean
}

function layoutOf(type: NumberType): Layout {
  const kind = type[0] as Layout['kind']
  return { kind, size: Number.parseInt(type.slice(1), 10) / 8, little: type.endsWith('le') }
}

export const sizeOf = (type: NumberType): number => layoutOf(type).size

/** Smallest and largest integer of a type. */
function rangeOf({ kind, size }: Layout): readonly [bigint, bigint] {
  const bits = BigInt(8 * size)
  return kind === 'u' ? [0n, 2n ** bits - 1n] : [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n]
}

/** Throws a MapperError `bad_data` if the type does not reach so far. */
export function integerBytes(value: bigint, type: NumberType): Uint8Array {
  const layout = layoutOf(type)
  const [least, most] = rangeOf(layout)
  if (value < least || value > most) {
    throw new MapperError('bad_data', `is ${value}, but ${type} reaches from ${least} to ${most}`)
  }
  let rest = BigInt.asUintN(8 * layout.size, value)
  const bytes = new Uint8Array(layout.size)
  for (let index = layout.size - 1; index >= 0; index--) {
    bytes[index] = Number(rest & 0xffn)
    rest >>= 8n
  }
  return layout.little ? bytes.reverse() : bytes
}

/** Throws a MapperError `bad_data` if the type does not reach so far. */
export function floatBytes(value: number, type: NumberType): Uint8Array {
  const { size, little } = layoutOf(type)
  const bytes = new Uint8Array(size)
  const view = new DataView(bytes.buffer)
  if (size === 8) view.setFloat64(0, value, little)
  else view.setFloat32(0, value, little)
  if (Number.isFinite(size === 8 ? view.getFloat64(0, little) : view.getFloat32(0, little))) {
    return bytes
  }
  throw new MapperError('bad_data', `is ${value}, which ${type} does not reach`)
}

export const isFloat = (type: NumberType): boolean => type.startsWith('f')

/**
 * Reads the number whose first byte is at `at`; there must be as many bytes as `sizeOf` says. Floats may
 * not be finite, and integers of more than 32 bits are bigints.
 */
export function numberReader(type: NumberType): (bytes: Uint8Array, at: number) => number | bigint {
  const { kind, size, little } = layoutOf(type)
  const placeOf = (index: number) => (little ? size - 1 - index : index)
  if (kind === 'f') {
    return (bytes, at) => {
      const view = new DataView(bytes.buffer, bytes.byteOffset + at, size)
      return size === 8 ? view.getFloat64(0, little) : view.getFloat32(0, little)
    }
  }
  if (size > 4) {
    return (bytes, at) => {
      let value = 0n
      for (let index = 0; index < size; index++) {
        value = (value << 8n) | BigInt(bytes[at + placeOf(index)] ?? 0)
      }
      return kind === 'i' ? BigInt.asIntN(8 * size, value) : value
    }
  }
  const span = 256 ** size
  const limit = kind === 'i' ? span / 2 : span
  return (bytes, at) => {
    let value = 0
    for (let index = 0; index < size; index++) {
      value = value * 256 + (bytes[at + placeOf(index)] ?? 0)
    }
    return value < limit ? value : value - span
  }
}
