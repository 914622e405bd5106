import { MapperError } from '@mapper-sdk/core'
import { dataTypes, type DataTypeName } from '../config/visitor.ts'
import { builtIn, builtInName } from './built-in.ts'
import { elementOf } from './element.ts'
import { isList, parseJson, type Json } from './parse-json.ts'
import { builtInOf, fieldsOf, type FieldLike, type SchemaLike } from './typed.ts'
import type { WriteContext } from './write-context.ts'

/** What node-opcua's `constructExtensionObject(dataType, fields)` takes. */
export type StructureFields = Readonly<Record<string, unknown>>

/**
 * The fields of a structure from a JSON object, by the structure's schema (`schema` of any structure of
 * its type). Every field has to be there, apart from optional ones; of a union exactly one. What does
 * not fit is returned as a `bad_data` error, `unsupported` for fields whose type only a value tells.
 * Never throws.
 */
export function structureFields(
  text: string,
  schema: SchemaLike,
  context: WriteContext,
): StructureFields | MapperError {
  try {
    return fieldsOfJson(parseJson(text), schema, context)
  } catch (thrown) {
    return MapperError.from(thrown)
  }
}

/** The same of JSON that was read already, such as an element of an array. */
export function fieldsOfJson(
  json: Json,
  schema: SchemaLike,
  context: WriteContext,
): StructureFields | MapperError {
  try {
    return structure(json, schema, '', context)
  } catch (thrown) {
    return MapperError.from(thrown)
  }
}

const nameOf = (field: FieldLike) => field.originalName ?? field.name

function structure(json: Json, schema: SchemaLike, at: string, context: WriteContext) {
  const fields = fieldsOf(schema)
  if (typeof json !== 'object' || json === null || isList(json)) {
    throw bad(at, `has to be a JSON object with ${fields.map(nameOf).join(', ')}`)
  }
  const known = (key: string) =>
    fields.find((field) => field.originalName === key) ?? fields.find(({ name }) => name === key)
  const given = new Map<FieldLike, Json>()
  for (const [key, value] of Object.entries(json as Readonly<Record<string, Json>>)) {
    const field = known(key)
    if (field === undefined) {
      throw bad(at, `has no field ${key}; it has ${fields.map(nameOf).join(', ')}`)
    }
    if (given.has(field)) throw bad(at, `has ${nameOf(field)} twice`)
    given.set(field, value)
  }
  const isUnion = fields.some(({ switchValue }) => switchValue !== undefined)
  if (isUnion && given.size !== 1) {
    throw bad(at, `has to have exactly one of ${fields.map(nameOf).join(', ')}`)
  }
  const missing = fields.find((field) => !isOptional(field) && !given.has(field))
  if (!isUnion && missing !== undefined) throw bad(at, `lacks the field ${nameOf(missing)}`)
  return Object.fromEntries(
    [...given].map(([field, value]) => {
      const path = at === '' ? nameOf(field) : `${at}.${nameOf(field)}`
      return [field.name, member(value, field, path, context)]
    }),
  )
}

const isOptional = (field: FieldLike) => field.switchBit !== undefined

function member(json: Json, field: FieldLike, at: string, context: WriteContext): unknown {
  if (field.isArray !== true) return single(json, field, at, context)
  if (!isList(json)) throw bad(at, 'has to be a JSON array')
  return json.map((one, index) => single(one, field, `${at}[${index}]`, context))
}

function single(json: Json, field: FieldLike, at: string, context: WriteContext): unknown {
  const { schema } = field
  if (schema?.typedEnum !== undefined) return enumeration(json, field, at, context)
  const type = builtInOf(field)
  const name = type === undefined ? undefined : dataTypes.find((one) => builtIn[one] === type)
  if (field.allowSubTypes === true || (type !== undefined && name === undefined)) {
    const what = type === undefined ? `any kind of ${field.fieldType}` : builtInName(type)
    throw new MapperError('unsupported', `${at} takes ${what}, which a text cannot be written as`)
  }
  if (name !== undefined) return element(name, json, at, context)
  if (schema?.fields !== undefined) {
    return structure(json, { ...methodsOf(schema), fields: schema.fields }, at, context)
  }
  throw new MapperError('unsupported', `${at} is of the unknown type ${field.fieldType}`)
}

/** The schema of a structure reaches its base by a method that needs its own `this`. */
const methodsOf = (schema: NonNullable<FieldLike['schema']>) => ({
  getBaseSchema: () => schema.getBaseSchema?.() ?? null,
})

function enumeration(json: Json, field: FieldLike, at: string, context: WriteContext): unknown {
  if (typeof json !== 'string' || /^[+-]?\d+$/.test(json)) {
    return element('Int32', json, at, context)
  }
  const named = field.schema?.typedEnum?.get(json)
  if (named?.key === json && named.value !== undefined) return named.value
  throw bad(at, `has no value ${JSON.stringify(json.slice(0, 60))} in ${field.fieldType}`)
}

function element(type: DataTypeName, json: Json, at: string, context: WriteContext): unknown {
  try {
    return elementOf(type, json, { isJson: true }, context)
  } catch (thrown) {
    throw bad(at, MapperError.from(thrown).detail)
  }
}

const bad = (at: string, message: string) =>
  new MapperError('bad_data', `${at === '' ? 'the structure' : at} ${message}`)
