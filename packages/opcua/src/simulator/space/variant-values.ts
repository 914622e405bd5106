import type { DataType, Variant } from 'node-opcua'
import type { ServerLibrary } from '../server-library.ts'

/** The built-in types that a value may have, by their names in the standard. */
export const builtInTypes = [
  ...(['Boolean', 'SByte', 'Byte', 'Int16', 'UInt16', 'Int32', 'UInt32', 'Int64'] as const),
  ...(['UInt64', 'Float', 'Double', 'String', 'DateTime', 'Guid', 'ByteString'] as const),
  ...(['XmlElement', 'NodeId', 'ExpandedNodeId', 'StatusCode', 'QualifiedName'] as const),
  ...(['LocalizedText'] as const),
] as const
export type BuiltInType = (typeof builtInTypes)[number]

export const isBuiltInType = (name: string): name is BuiltInType =>
  (builtInTypes as readonly string[]).includes(name)

/**
 * A value in node-opcua's way. 64-bit integers are pairs of words there; nodes and statuses are given
 * as text (`ns=1;s=x`, `BadOutOfService`).
 */
export function toVariant(
  library: ServerLibrary,
  type: BuiltInType,
  value: unknown,
  dimensions?: readonly number[],
): Variant {
  const { Variant, VariantArrayType } = library
  const dataType = library.DataType[type] as DataType
  const encode = encoderOf(library, type)
  if (value === null || !Array.isArray(value)) {
    const { Scalar } = VariantArrayType
    return new Variant({
      dataType,
      arrayType: Scalar,
      value: value === null ? null : encode(value),
    })
  }
  const elements = value.map(encode)
  return dimensions === undefined
    ? new Variant({ dataType, arrayType: VariantArrayType.Array, value: elements })
    : new Variant({
        dataType,
        arrayType: VariantArrayType.Matrix,
        dimensions: [...dimensions],
        value: elements,
      })
}

function encoderOf(library: ServerLibrary, type: BuiltInType): (value: unknown) => unknown {
  switch (type) {
    case 'Int64':
    case 'UInt64':
      return (value) => words(BigInt(value as bigint))
    case 'ByteString':
      return (value) => Buffer.from(value as Uint8Array)
    case 'NodeId':
      return (value) => library.resolveNodeId(value as string)
    case 'ExpandedNodeId':
      return (value) => library.coerceExpandedNodeId(value)
    case 'StatusCode':
      return (value) => statusCodeOf(library, value as string)
    default:
      return (value) => value
  }
}

/** A value of node-opcua in the way of `toVariant`. */
export function fromVariant(library: ServerLibrary, { dataType, value }: Variant): unknown {
  const decode = (each: unknown): unknown => {
    if (each === null || each === undefined) return null
    switch (dataType) {
      case library.DataType.Int64:
        return BigInt.asIntN(64, fromWords(each as readonly number[]))
      case library.DataType.UInt64:
        return fromWords(each as readonly number[])
      case library.DataType.NodeId:
      case library.DataType.ExpandedNodeId:
        return (each as { toString(): string }).toString()
      case library.DataType.StatusCode:
        return (each as { name: string }).name
      case library.DataType.ExtensionObject:
        return (each as { toJSON(): unknown }).toJSON()
      default:
        return each
    }
  }
  const isPair = dataType === library.DataType.Int64 || dataType === library.DataType.UInt64
  const elements: unknown = value
  if (isPair) {
    const isList = Array.isArray(elements) && (elements.length === 0 || Array.isArray(elements[0]))
    return isList ? elements.map(decode) : decode(elements)
  }
  if (elements instanceof Uint8Array && dataType === library.DataType.ByteString) return elements
  if (Array.isArray(elements)) return elements.map(decode)
  return ArrayBuffer.isView(elements)
    ? Array.from(elements as unknown as Iterable<unknown>, decode)
    : decode(elements)
}

/** Throws for a name that the standard does not have. */
export function statusCodeOf(library: ServerLibrary, name: string) {
  const code = (library.StatusCodes as unknown as Record<string, unknown>)[name]
  if (code === undefined) throw new RangeError(`"${name}" is no status code`)
  return code as InstanceType<ServerLibrary['StatusCode']>
}

const words = (value: bigint): [number, number] => {
  const bits = BigInt.asUintN(64, value)
  return [Number(bits >> 32n), Number(bits & 0xffffffffn)]
}

const fromWords = ([high = 0, low = 0]: readonly number[]): bigint =>
  (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)
