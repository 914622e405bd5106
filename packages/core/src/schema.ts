import type { Static, TSchema, Type as TypeboxType } from 'typebox'

/** A JSON Schema (draft 2020-12 subset that ajv checks in strict mode). Any typebox schema fits. */
export type JSONSchema = object

/**
 * The part of typebox that our schemas are written with: its types, and plain JSON Schemas at run time.
 * Loading typebox itself costs 20 MiB in every mapper on every gateway, for a dozen object literals.
 */
export const Type = {
  Object: (properties: Readonly<Record<string, object>>, options: object = {}) => {
    const required = Object.keys(properties).filter((key) => !optional.has(properties[key] ?? {}))
    return {
      type: 'object',
      ...(required.length > 0 && { required }),
      properties,
      ...options,
    }
  },
  Array: (items: object, options: object = {}) => ({ type: 'array', items, ...options }),
  String: (options: object = {}) => ({ type: 'string', ...options }),
  Number: (options: object = {}) => ({ type: 'number', ...options }),
  Integer: (options: object = {}) => ({ type: 'integer', ...options }),
  Boolean: (options: object = {}) => ({ type: 'boolean', ...options }),
  Literal: (value: unknown, options: object = {}) => ({
    type: typeof value,
    const: value,
    ...options,
  }),
  Enum: (values: readonly unknown[], options: object = {}) => ({ enum: values, ...options }),
  Union: (anyOf: readonly object[], options: object = {}) => ({ anyOf, ...options }),
  Record: (_: object, values: object, options: object = {}) => ({
    type: 'object',
    patternProperties: { '^.*$': values },
    ...options,
  }),
  Unsafe: (schema: object) => schema,
  Optional: (schema: object) => {
    const copy = { ...schema }
    optional.add(copy)
    return copy
  },
} as unknown as Pick<typeof TypeboxType, Kind>

type Kind =
  | 'Object'
  | 'Array'
  | 'String'
  | 'Number'
  | 'Integer'
  | 'Boolean'
  | 'Literal'
  | 'Enum'
  | 'Union'
  | 'Record'
  | 'Unsafe'
  | 'Optional'

/** Schemas of properties that may be left out. */
const optional = new WeakSet<object>()

/** May be left out in a configuration; the default is there once the configuration was checked. */
export const filled = <T extends TSchema>(schema: T): T => Type.Optional(schema)

/** One of these words or numbers. */
export const oneOf = <const T extends string | number>(
  values: readonly [T, ...T[]],
  options: { readonly description: string; readonly default?: T },
) => {
  const type = typeof values[0] === 'number' ? 'integer' : 'string'
  return Type.Unsafe<T>({ type, enum: values, ...options })
}

export type { Static, TSchema }
