import type { JSONSchema } from './schema.ts'

export type JsonType = 'string' | 'number' | 'integer' | 'boolean' | 'null' | 'array' | 'object'

/** What a schema expects at one place, all its alternatives taken together. */
export interface Shape {
  /** Empty: anything goes. */
  readonly types: ReadonlySet<JsonType>
  keys(): readonly string[]
  /** Whether a key is expected, or others are welcome too. */
  knows(key: string): boolean
  key(key: string): Shape
  item(): Shape
}

type Schema = Readonly<Record<string, unknown>>

const sides = ['allOf', 'anyOf', 'oneOf', 'if', 'then', 'else', 'dependentSchemas', '$ref'] as const

export const createShape = (schema: JSONSchema): Shape => shapeOf([schema], schema as Schema)

function shapeOf(schemas: readonly unknown[], root: Schema): Shape {
  const levels = [...new Set(schemas.flatMap((schema) => sideways(schema, root)))]
  const types = new Set(levels.flatMap(typesOf))
  const properties = new Map<string, unknown[]>()
  for (const { properties: own } of levels) {
    for (const [key, schema] of isSchema(own) ? Object.entries(own) : []) {
      properties.set(key, [...(properties.get(key) ?? []), schema])
    }
  }
  const patterns = levels.flatMap(({ patternProperties: own }) =>
    isSchema(own) ? Object.entries(own).map(([source, schema]) => ({ source, schema })) : [],
  )
  const others = levels.map((level) => level['additionalProperties'])
  const isOpen = others.some((other) => other === true || isSchema(other))
  const isPlain =
    levels.every((level) => level['properties'] === undefined) &&
    patterns.length === 0 &&
    !others.includes(false)
  const welcome = (key: string) =>
    patterns.filter(({ source }) => new RegExp(source, 'u').test(key)).map(({ schema }) => schema)
  const known = new Map<string, Shape>()
  let items: Shape | undefined
  return {
    types,
    keys: () => [...properties.keys()],
    knows: (key) => isOpen || isPlain || properties.has(key) || welcome(key).length > 0,
    key(key) {
      const own = properties.get(key)
      const shape =
        known.get(key) ?? shapeOf([...(own ?? (isOpen ? others : [])), ...welcome(key)], root)
      // Only keys of the schema are kept, so that no configuration can make this grow.
      if (own !== undefined) known.set(key, shape)
      return shape
    },
    item: () =>
      (items ??= shapeOf(
        levels.flatMap(({ items, prefixItems }) => [items, ...listOf(prefixItems)]),
        root,
      )),
  }
}

/** A schema and all that apply to the same value. */
function sideways(schema: unknown, root: Schema, seen = new Set<unknown>()): Schema[] {
  if (!isSchema(schema) || seen.has(schema)) return []
  seen.add(schema)
  const next = sides.flatMap((side) => {
    const value = schema[side]
    if (side === '$ref') return typeof value === 'string' ? [resolve(value, root)] : []
    if (side === 'dependentSchemas') return isSchema(value) ? Object.values(value) : []
    return Array.isArray(value) ? listOf(value) : [value]
  })
  return [schema, ...next.flatMap((one) => sideways(one, root, seen))]
}

/** A reference inside the schema: `#/$defs/name`. Others are left to ajv. */
function resolve(reference: string, root: Schema): unknown {
  let found: unknown = reference.startsWith('#') ? root : undefined
  for (const step of reference.split('/').slice(1)) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~')
    found = isSchema(found) && Object.hasOwn(found, key) ? found[key] : undefined
  }
  return found
}

function typesOf({ type, const: only, enum: some }: Schema): JsonType[] {
  if (type !== undefined) return (Array.isArray(type) ? type : [type]) as JsonType[]
  return [...(only === undefined ? [] : [only]), ...listOf(some)].map(typeOf)
}

function typeOf(value: unknown): JsonType {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return typeof value as JsonType
}

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? (value as unknown[]) : [])

const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
