import {
  create,
  ScalarType,
  type DescField,
  type DescMessage,
  type Message,
} from '@bufbuild/protobuf'
import { AnySchema, type Any } from '@bufbuild/protobuf/wkt'
import type { RawConfig, RawValue } from '../../device.ts'
import { fromAnyMap, toAny } from './any.ts'
import { PushMethodSchema, type PushMethod } from './gen/dmi_pb.ts'

/** An int64 of the wire; beyond what a number holds exactly it is cut to the nearest safe integer. */
export const safeNumber = (value: bigint): number =>
  Math.min(Math.max(Number(value), Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER)

/** Where the wire spells a field otherwise than the CR does. */
const crNames: Readonly<Record<string, string>> = {
  hostname: 'hostName',
  requestpath: 'requestPath',
  tdengine: 'TDEngine',
  tdEngineClientConfig: 'TDEngineClientConfig',
  dbname: 'dbName',
}

/** Push methods as they stand in the CR. Fields without a value are left out. */
export function decodePushMethod(message: PushMethod, issues: string[]): RawConfig {
  return plainMessage(PushMethodSchema, message, issues)
}

/** Push methods of a CR as EdgeCore packs them: names match in any case, unknown ones are ignored. */
export function encodePushMethod(raw: RawConfig): PushMethod {
  return create(PushMethodSchema, fieldsOf(PushMethodSchema, raw))
}

/** Generated messages have one property per field, by its local name. */
type Fields = Record<string, unknown>
const isMap = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function plainMessage(schema: DescMessage, message: Message, issues: string[]): RawConfig {
  const result: Record<string, RawValue> = {}
  for (const field of schema.fields) {
    const value = plainField(field, (message as unknown as Fields)[field.localName], issues)
    if (value === undefined) continue
    result[crNames[field.localName] ?? field.localName] = value
  }
  return result
}

function plainField(field: DescField, value: unknown, issues: string[]): RawValue | undefined {
  if (field.fieldKind === 'message') {
    if (value === undefined) return undefined
    const inner = plainMessage(field.message, value as Message, issues)
    // AnomalyDetection wraps its free object in one field `data`, which the CR does not have.
    return field.localName === 'anomalyDetection' ? (inner['data'] ?? {}) : inner
  }
  if (field.fieldKind === 'map') {
    if (field.mapKind !== 'message') {
      return Object.keys(value as Fields).length === 0 ? undefined : { ...(value as RawConfig) }
    }
    const { config, issues: found } = fromAnyMap(value as Record<string, Any>)
    issues.push(...found)
    return config
  }
  if (typeof value === 'bigint') return value === 0n ? undefined : safeNumber(value)
  return value === '' || value === 0 || value === false ? undefined : (value as RawValue)
}

function fieldsOf(schema: DescMessage, raw: Fields): Fields {
  const byName = new Map(schema.fields.map((field) => [field.localName.toLowerCase(), field]))
  const fields: Fields = {}
  for (const [key, value] of Object.entries(raw)) {
    const field = byName.get(key.toLowerCase())
    const packed = field && packField(field, value)
    if (field && packed !== undefined) fields[field.localName] = packed
  }
  return fields
}

function packField(field: DescField, value: unknown): unknown {
  if (field.fieldKind === 'message') {
    if (!isMap(value)) return undefined
    const inner = field.localName === 'anomalyDetection' ? { data: value } : value
    return create(field.message, fieldsOf(field.message, inner))
  }
  if (field.fieldKind === 'map') {
    if (!isMap(value)) return undefined
    const pack =
      field.mapKind === 'message' && field.message.typeName === AnySchema.typeName ? toAny : String
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, pack(item)]))
  }
  if (typeof value === 'number' && isLong(field)) return BigInt(Math.trunc(value))
  return value
}

const isLong = (field: DescField) =>
  field.fieldKind === 'scalar' && field.scalar === ScalarType.INT64
