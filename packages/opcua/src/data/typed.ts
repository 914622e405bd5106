import { builtIn, isBuiltInName } from './built-in.ts'

/** A value with what is known of its type: a built-in type, and whether it is one value or many. */
export interface Typed {
  readonly type: number
  readonly value: unknown
  readonly isArray: boolean
  /** Of a matrix, whose elements lie in one row. */
  readonly dimensions?: readonly number[] | undefined
  /** Of an enumeration. */
  readonly names?: EnumLike | undefined
}

/** What is needed of node-opcua's Variant. */
export interface VariantLike {
  readonly dataType: number
  readonly arrayType: number
  readonly value: unknown
  readonly dimensions?: readonly number[] | null
}

/** What is needed of node-opcua's Enum. */
export interface EnumLike {
  get(
    keyOrValue: number | string,
  ): { readonly key: string; readonly value?: number } | null | undefined
}

interface FieldType {
  readonly name: string
  readonly typedEnum?: EnumLike
  getBaseType?(): FieldType | null
  /** Of a structure within a structure. */
  readonly fields?: readonly FieldLike[]
  getBaseSchema?(): SchemaLike | null
}

/** What is needed of a field of node-opcua's structures. */
export interface FieldLike {
  /** As a member of the object, beginning with a small letter. */
  readonly name: string
  /** As the server calls it. */
  readonly originalName?: string
  readonly fieldType: string
  readonly isArray?: boolean
  readonly category?: string
  readonly schema?: FieldType
  /** Of a field of a union. */
  readonly switchValue?: number
  /** Of an optional field. */
  readonly switchBit?: number
  readonly allowSubTypes?: boolean
}

export interface SchemaLike {
  readonly name?: string
  readonly fields: readonly FieldLike[]
  getBaseSchema?(): SchemaLike | null
}

/** A structure of node-opcua: an ExtensionObject that it could decode, or one that stayed opaque. */
export interface StructureLike {
  readonly schema?: SchemaLike
  readonly [field: string]: unknown
}

export const typedOf = (variant: VariantLike): Typed => ({
  type: variant.dataType,
  value: variant.value,
  isArray: variant.arrayType !== 0,
  // An empty matrix comes without dimensions.
  dimensions:
    variant.arrayType === 2 && variant.dimensions?.length ? variant.dimensions : undefined,
})

/**
 * The fields of a structure, those of its base first. Of a union only the value is one: its first
 * field says which of the others it is.
 */
export function fieldsOf(schema: SchemaLike | undefined): readonly FieldLike[] {
  if (schema === undefined) return []
  const base = schema.getBaseSchema?.() ?? undefined
  const isUnion = schema.fields.some(({ switchValue }) => switchValue !== undefined)
  const own = isUnion
    ? schema.fields.filter(({ switchValue }) => switchValue !== undefined)
    : schema.fields
  return base === undefined ? own : [...fieldsOf(base), ...own]
}

/** The value of a field, or undefined if the structure leaves it out. */
export function fieldValue(structure: StructureLike, field: FieldLike): Typed | undefined {
  const value = structure[field.name]
  if (value === undefined) return undefined
  const isArray = field.isArray === true
  if (field.category === 'enumeration' || field.schema?.typedEnum !== undefined) {
    return { type: builtIn.Int32, value, isArray, names: field.schema?.typedEnum }
  }
  // A field that takes subtypes says by its value what it is.
  const sample: unknown = isArray ? (value as ArrayLike<unknown> | null)?.[0] : value
  return { type: builtInOf(field) ?? typeByShape(sample), value, isArray }
}

/** The built-in type that the type of a field is made of, as Duration is of Double. */
export function builtInOf(field: FieldLike): number | undefined {
  if (isBuiltInName(field.fieldType)) return builtIn[field.fieldType]
  let type: FieldType | null | undefined = field.schema
  for (let depth = 0; depth < 16 && type != null; depth++) {
    if (isBuiltInName(type.name)) return builtIn[type.name]
    type = type.getBaseType?.()
  }
  return undefined
}

/** The built-in type of a value whose type nothing else tells, by what node-opcua makes of each. */
export function typeByShape(value: unknown): number {
  if (typeof value === 'boolean') return builtIn.Boolean
  if (typeof value === 'number') return builtIn.Double
  if (typeof value === 'string') return builtIn.String
  if (typeof value !== 'object' || value === null) return builtIn.Null
  if (value instanceof Date) return builtIn.DateTime
  if (value instanceof Uint8Array) return builtIn.ByteString
  const has = (...keys: string[]) => keys.every((key) => key in value)
  if (has('identifierType', 'namespace')) return builtIn.NodeId
  if (has('dataType', 'arrayType', 'value')) return builtIn.Variant
  if (has('statusCode', 'sourceTimestamp', 'value')) return builtIn.DataValue
  if (has('namespaceIndex', 'name')) return builtIn.QualifiedName
  if (has('locale', 'text')) return builtIn.LocalizedText
  if (has('value', 'description', 'name') && !has('displayName')) return builtIn.StatusCode
  return builtIn.ExtensionObject
}
