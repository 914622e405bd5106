import type { BuiltInType } from './space/variant-values.ts'

const ranges: Partial<Record<BuiltInType, readonly [bigint, bigint]>> = {
  SByte: [-(2n ** 7n), 2n ** 7n - 1n],
  Byte: [0n, 2n ** 8n - 1n],
  Int16: [-(2n ** 15n), 2n ** 15n - 1n],
  UInt16: [0n, 2n ** 16n - 1n],
  Int32: [-(2n ** 31n), 2n ** 31n - 1n],
  UInt32: [0n, 2n ** 32n - 1n],
  Int64: [-(2n ** 63n), 2n ** 63n - 1n],
  UInt64: [0n, 2n ** 64n - 1n],
}

const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const nodeId = /^(ns=\d+;)?(i=\d+|s=.+|g=.+|b=.+)$/

/**
 * A value as it is written in a file, in the way of the simulator. A list is an array of the type.
 * Throws a RangeError that says what the type takes.
 */
export function declaredValue(type: BuiltInType, raw: unknown): unknown {
  if (Array.isArray(raw)) return raw.map((each) => scalar(type, each))
  return scalar(type, raw)
}

function scalar(type: BuiltInType, raw: unknown): unknown {
  const wrong = (takes: string): never => {
    throw new RangeError(`${JSON.stringify(textOf(raw))} is no ${type}, which takes ${takes}`)
  }
  const range = ranges[type]
  if (range !== undefined) {
    const [min, max] = range
    if (typeof raw !== 'bigint' || raw < min || raw > max) return wrong(`${min} … ${max}`)
    return type === 'Int64' || type === 'UInt64' ? raw : Number(raw)
  }
  switch (type) {
    case 'Boolean':
      return typeof raw === 'boolean' ? raw : wrong('true and false')
    case 'Float':
    case 'Double':
      return typeof raw === 'number' || typeof raw === 'bigint' ? Number(raw) : wrong('a number')
    case 'DateTime': {
      const at = typeof raw === 'string' ? new Date(raw) : new Date(NaN)
      return Number.isNaN(at.getTime()) ? wrong('a time such as 2024-02-29T12:00:00Z') : at
    }
    case 'Guid':
      return typeof raw === 'string' && guid.test(raw) ? raw : wrong('a GUID')
    case 'NodeId':
    case 'ExpandedNodeId':
      return typeof raw === 'string' && nodeId.test(raw) ? raw : wrong('a node id such as ns=2;s=x')
    case 'ByteString': {
      const hex = typeof raw === 'string' && /^([0-9a-f]{2})*$/i.test(raw) ? raw : undefined
      return hex === undefined
        ? wrong('pairs of hexadecimal digits, in quotes')
        : Buffer.from(hex, 'hex')
    }
    case 'StatusCode':
      return typeof raw === 'string' && /^(Good|Uncertain|Bad)\w*$/.test(raw)
        ? raw
        : wrong('a name such as BadOutOfService')
    case 'LocalizedText':
      return typeof raw === 'string' ? { locale: null, text: raw } : wrong('a text')
    case 'QualifiedName':
      return typeof raw === 'string' ? { namespaceIndex: 0, name: raw } : wrong('a text')
    default:
      return typeof raw === 'string' ? raw : wrong('a text')
  }
}

/** What a variable holds whose value is left out. */
export function zeroOf(type: BuiltInType): unknown {
  switch (type) {
    case 'Boolean':
      return false
    case 'Int64':
    case 'UInt64':
      return 0n
    case 'DateTime':
      return new Date(0)
    case 'Guid':
      return '00000000-0000-0000-0000-000000000000'
    case 'NodeId':
    case 'ExpandedNodeId':
      return 'i=0'
    case 'ByteString':
      return Buffer.alloc(0)
    case 'StatusCode':
      return 'Good'
    case 'LocalizedText':
      return { locale: null, text: '' }
    case 'QualifiedName':
      return { namespaceIndex: 0, name: '' }
    case 'String':
    case 'XmlElement':
      return ''
    default:
      return 0
  }
}

export const isNumeric = (type: BuiltInType): boolean =>
  type in ranges || type === 'Float' || type === 'Double'

const textOf = (raw: unknown): string =>
  typeof raw === 'object' && raw !== null ? 'a mapping' : String(raw)
