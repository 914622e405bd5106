import { formatValue, MapperError, parseValue, type Value } from '@mapper-sdk/core'
import { bytesOfBase64, isGuid, parseExpandedNodeId, placeNodeId } from '../config/node-id.ts'
import type { DataTypeName } from '../config/visitor.ts'
import { parseDateTime } from './date-time.ts'
import { halvesOf } from './int64.ts'
import { isList, type Json } from './parse-json.ts'
import type { WriteContext } from './write-context.ts'

/** How the texts and numbers of one value are understood. */
export interface ElementRules {
  readonly enumNames?: ReadonlyMap<number, string> | undefined
  /** Within JSON bytes are base64, as that is how JSON shows them. */
  readonly isJson: boolean
}

/** One value as node-opcua takes it for a built-in type. Throws `bad_data` saying what would be right. */
export function elementOf(
  type: DataTypeName,
  given: Value | Json,
  rules: ElementRules,
  context: WriteContext,
): unknown {
  if (given === null) {
    if (type === 'String' || type === 'ByteString' || type === 'XmlElement') return null
    throw refuse(given, `${type} has no null`)
  }
  if (isList(given)) throw refuse('an array', `a single ${type} is wanted`)
  if (typeof given === 'object' && !(given instanceof Uint8Array)) {
    throw refuse('an object', `a single ${type} is wanted`)
  }
  return makers[type](given, rules, context)
}

type Maker = (value: Value, rules: ElementRules, context: WriteContext) => unknown

const whole =
  (type: DataTypeName, lowest: bigint, highest: bigint): Maker =>
  (value, { enumNames }) =>
    integer(type, value, lowest, highest, enumNames)
const unsigned = (type: DataTypeName, bits: bigint) => whole(type, 0n, 2n ** bits - 1n)
const signed = (type: DataTypeName, bits: bigint) =>
  whole(type, -(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n)
const text: Maker = (value) => formatValue(value, 'STRING')

const makers: Readonly<Record<DataTypeName, Maker>> = {
  Boolean: (value) => boolean(value),
  SByte: signed('SByte', 8n),
  Byte: unsigned('Byte', 8n),
  Int16: signed('Int16', 16n),
  UInt16: unsigned('UInt16', 16n),
  Int32: signed('Int32', 32n),
  UInt32: unsigned('UInt32', 32n),
  Int64: signed('Int64', 64n),
  UInt64: unsigned('UInt64', 64n),
  Float: (value) => real('Float', value),
  Double: (value) => real('Double', value),
  String: text,
  XmlElement: text,
  LocalizedText: text,
  DateTime: (value) => {
    if (typeof value !== 'boolean' && !(value instanceof Uint8Array)) return parseDateTime(value)
    throw refuse(value, 'a DateTime is a text or a number of ms')
  },
  Guid: (value) => {
    if (typeof value === 'string' && isGuid(value)) return value.toUpperCase()
    throw refuse(value, 'write a GUID like 09087e75-8e5e-499b-954f-f2a9603db28a')
  },
  ByteString: bytes,
  NodeId: (value, _, context) => nodeId('NodeId', textIn(value), context),
  ExpandedNodeId: (value, _, context) => nodeId('ExpandedNodeId', textIn(value), context),
  StatusCode: (value, _, context) =>
    status(typeof value === 'number' ? value : textIn(value), context),
  QualifiedName: (value) => qualifiedName(textIn(value)),
}

function textIn(value: Value): string {
  if (typeof value === 'string') return value
  throw refuse(value, 'a text is wanted')
}

function integer(
  type: DataTypeName,
  value: Value,
  lowest: bigint,
  highest: bigint,
  enumNames: ReadonlyMap<number, string> | undefined,
): number | [number, number] {
  const exact = wholeNumber(value, enumNames)
  if (exact < lowest || exact > highest) {
    throw refuse(value, `${type} goes from ${lowest} to ${highest}`)
  }
  return type === 'Int64' || type === 'UInt64' ? halvesOf(exact) : Number(exact)
}

function wholeNumber(value: Value, enumNames?: ReadonlyMap<number, string>): bigint {
  if (typeof value === 'bigint') return value
  if (typeof value === 'boolean') return value ? 1n : 0n
  if (typeof value === 'number') {
    // Beyond 2^53 a number is no longer known to be the integer that was meant.
    if (Number.isSafeInteger(value)) return BigInt(value)
    throw refuse(value, 'not a whole number that is exact')
  }
  if (value instanceof Uint8Array) throw refuse(value, 'not a whole number')
  if (enumNames !== undefined) {
    for (const [number, name] of enumNames) if (name === value) return BigInt(number)
    if (!/^[+-]?\d+$/.test(value)) {
      throw refuse(value, `it is none of ${[...enumNames.values()].join(', ').slice(0, 1000)}`)
    }
  }
  return BigInt(parseValue(value, 'INT') as number | bigint)
}

function boolean(value: Value): boolean {
  if (typeof value === 'boolean') return value
  if (typeof value === 'string') return parseValue(value, 'BOOLEAN') as boolean
  if (value === 0 || value === 0n) return false
  if (value === 1 || value === 1n) return true
  throw refuse(value, 'a Boolean is true or false, 1 or 0')
}

/** As JSON shows them, and only then: a number that came out as one of them is a fault, no wish. */
const notFinite = new Map([
  ['NaN', NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
])

function real(type: 'Float' | 'Double', value: Value): number {
  if (typeof value === 'string') {
    const special = notFinite.get(value)
    if (special !== undefined) return special
  }
  const number =
    typeof value === 'string' ? (parseValue(value, 'DOUBLE') as number) : numberFrom(value)
  if (!Number.isFinite(number)) throw refuse(value, 'not a finite number')
  if (type === 'Float' && !Number.isFinite(Math.fround(number))) {
    throw refuse(value, 'Float goes to about 3.4e38')
  }
  return number
}

function numberFrom(value: boolean | number | bigint | Uint8Array): number {
  if (value instanceof Uint8Array) throw refuse(value, 'not a number')
  return Number(value)
}

function bytes(value: Value, { isJson }: ElementRules): Buffer {
  if (value instanceof Uint8Array) return Buffer.from(value)
  if (typeof value !== 'string') throw refuse(value, 'not bytes')
  const base64 = isJson ? value : /^base64:(.*)$/s.exec(value)?.[1]
  if (base64 === undefined) return Buffer.from(parseValue(value, 'BYTES') as Uint8Array)
  const decoded = bytesOfBase64(base64)
  if (decoded !== undefined) return decoded
  throw refuse(value, 'not base64 with its padding')
}

function nodeId(type: 'NodeId' | 'ExpandedNodeId', text: string, context: WriteContext): unknown {
  try {
    const { server, ...parsed } = parseExpandedNodeId(text)
    if (type === 'NodeId') {
      if (server !== 0) throw refuse(text, 'a NodeId is of the server itself; leave out svr=')
      return context.nodeId(placeNodeId(parsed, context.namespaces))
    }
    const isUri = typeof parsed.namespace === 'string'
    const placed = placeNodeId(isUri ? { ...parsed, namespace: 0 } : parsed, [])
    const namespaceUri = isUri ? (parsed.namespace as string) : null
    return context.expandedNodeId({ ...placed, namespaceUri, serverIndex: server })
  } catch (thrown) {
    throw refuse(text, MapperError.from(thrown).detail)
  }
}

function status(given: string | number, context: WriteContext): unknown {
  const isNumber = typeof given === 'number' || /^(0x[0-9a-f]{1,8}|\d{1,10})$/i.test(given)
  const number = isNumber ? Number(given) : NaN
  const found =
    isNumber && Number.isInteger(number) && number >= 0 && number <= 0xffff_ffff
      ? context.statusCode(number)
      : context.statusCode(String(given))
  if (found !== undefined) return found
  throw refuse(
    given,
    'write a status code by its name or number, such as BadOutOfRange, 0x803c0000',
  )
}

function qualifiedName(text: string): { namespaceIndex: number; name: string } {
  const [, index = '0', name = text] = /^(\d{1,5}):(.*)$/s.exec(text) ?? []
  if (Number(index) <= 0xffff) return { namespaceIndex: Number(index), name }
  throw refuse(text, 'the highest namespace index is 65535')
}

/** Why a value is not written. */
export function refuse(value: Value | null, why: string): MapperError {
  const shown =
    value instanceof Uint8Array ? 'the bytes' : JSON.stringify(String(value)).slice(0, 80)
  return new MapperError('bad_data', `${shown} cannot be written: ${why}`)
}
