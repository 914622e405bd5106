import { create, fromBinary, type DescMessage, type MessageShape } from '@bufbuild/protobuf'
import {
  anyPack,
  BoolValueSchema,
  BytesValueSchema,
  DoubleValueSchema,
  FloatValueSchema,
  Int32ValueSchema,
  Int64ValueSchema,
  ListValueSchema,
  StringValueSchema,
  StructSchema,
  UInt32ValueSchema,
  UInt64ValueSchema,
  ValueSchema,
  type Any,
  type Value,
} from '@bufbuild/protobuf/wkt'
import type { RawConfig, RawValue } from '../../device.ts'
import { MapperError } from '../../errors.ts'

/** What became of one Any: a plain value, or what is wrong with it. */
export type AnyResult =
  { readonly ok: true; readonly value: RawValue } | { readonly ok: false; readonly issue: string }

/** A map of Anys as plain JSON, and one issue (`key: why`) for each entry that had to be left out. */
export interface AnyMapResult {
  readonly config: RawConfig
  readonly issues: readonly string[]
}

/** Deeper than any real configuration; keeps hostile input off the end of the stack. */
const deepest = 32

type Reader = (bytes: Uint8Array) => RawValue

const reader =
  <D extends DescMessage>(schema: D, plain: (message: MessageShape<D>) => RawValue): Reader =>
  (bytes) =>
    plain(fromBinary(schema, bytes))

const readers: ReadonlyMap<string, Reader> = new Map([
  ['google.protobuf.StringValue', reader(StringValueSchema, ({ value }) => value)],
  ['google.protobuf.BoolValue', reader(BoolValueSchema, ({ value }) => value)],
  ['google.protobuf.FloatValue', reader(FloatValueSchema, ({ value }) => float32(value))],
  ['google.protobuf.DoubleValue', reader(DoubleValueSchema, ({ value }) => finite(value))],
  ['google.protobuf.Int32Value', reader(Int32ValueSchema, ({ value }) => value)],
  ['google.protobuf.UInt32Value', reader(UInt32ValueSchema, ({ value }) => value)],
  ['google.protobuf.Int64Value', reader(Int64ValueSchema, ({ value }) => integer(value))],
  ['google.protobuf.UInt64Value', reader(UInt64ValueSchema, ({ value }) => integer(value))],
  [
    'google.protobuf.BytesValue',
    reader(BytesValueSchema, ({ value }) => Buffer.from(value).toString('hex')),
  ],
  ['google.protobuf.Value', reader(ValueSchema, (value) => plain(value, 0))],
  ['google.protobuf.Struct', reader(StructSchema, ({ fields }) => plainFields(fields, 0))],
  [
    'google.protobuf.ListValue',
    reader(ListValueSchema, ({ values }) => values.map((value) => plain(value, 1))),
  ],
])

/** An Any as plain JSON: the nine wrappers, Struct, Value and ListValue. Bytes become hex. Never throws. */
export function fromAny(any: Any): AnyResult {
  const type = any.typeUrl.slice(any.typeUrl.lastIndexOf('/') + 1)
  const read = readers.get(type)
  if (read === undefined) {
    return { ok: false, issue: `cannot read a value of type '${any.typeUrl.slice(0, 100)}'` }
  }
  try {
    return { ok: true, value: read(any.value) }
  } catch (error) {
    const why = error instanceof MapperError ? error.detail : String(error)
    return { ok: false, issue: `broken ${type}: ${why}` }
  }
}

/** All entries of a configuration. One that cannot be read is left out and named in `issues`. */
export function fromAnyMap(data: Readonly<Record<string, Any>>): AnyMapResult {
  const config: Record<string, RawValue> = {}
  const issues: string[] = []
  // The generated decoder assigns keys one by one, so `__proto__` ends as the map's prototype.
  const prototype: unknown = Object.getPrototypeOf(data)
  if (prototype !== null && prototype !== Object.prototype) issues.push(`__proto__: ${unfit}`)
  for (const [key, any] of Object.entries(data)) {
    const result = key === '__proto__' ? { ok: false as const, issue: unfit } : fromAny(any)
    if (result.ok) config[key] = result.value
    else issues.push(`${key}: ${result.issue}`)
  }
  return { config, issues }
}

/**
 * A value of a CR as EdgeCore packs it: every number becomes a float32. Throws `invalid_config` for
 * null, lists and maps: EdgeCore does not deliver a device that has one in its configuration.
 */
export function toAny(value: unknown): Any {
  switch (typeof value) {
    case 'string':
      return anyPack(StringValueSchema, create(StringValueSchema, { value }))
    case 'boolean':
      return anyPack(BoolValueSchema, create(BoolValueSchema, { value }))
    case 'number':
    case 'bigint':
      return anyPack(
        FloatValueSchema,
        create(FloatValueSchema, { value: Math.fround(Number(value)) }),
      )
    default: {
      const kind = value === null ? 'null' : Array.isArray(value) ? 'a list' : 'a map'
      throw new MapperError('invalid_config', `${kind} does not support converting to any`)
    }
  }
}

/**
 * The shortest decimal that becomes the same float32 again: 0.1 arrives as 0.10000000149011612 and
 * is 0.1 in the CR. Throws `bad_data` for what is not finite.
 */
export function float32(value: number): number {
  finite(value)
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === value) return short
  }
  return Number(value.toPrecision(9))
}

const unfit = 'this key cannot be used'

function finite(value: number): number {
  if (!Number.isFinite(value)) {
    throw new MapperError('bad_data', `${value} (a number of the CR beyond float32?)`)
  }
  return value
}

function integer(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

function plain(value: Value, depth: number): RawValue {
  if (depth > deepest) throw new MapperError('bad_data', `nested deeper than ${deepest}`)
  const { kind } = value
  switch (kind.case) {
    case 'numberValue':
      return finite(kind.value)
    case 'stringValue':
    case 'boolValue':
      return kind.value
    case 'structValue':
      return plainFields(kind.value.fields, depth + 1)
    case 'listValue':
      return kind.value.values.map((item) => plain(item, depth + 1))
    default:
      return null
  }
}

function plainFields(fields: Readonly<Record<string, Value>>, depth: number): RawConfig {
  const result: Record<string, RawValue> = {}
  for (const [key, value] of Object.entries(fields)) {
    if (key === '__proto__') throw new MapperError('bad_data', `key __proto__: ${unfit}`)
    result[key] = plain(value, depth)
  }
  return result
}
