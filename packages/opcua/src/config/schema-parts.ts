import { Type, type TSchema } from '@mapper-sdk/core/schema'

/** May be left out in a configuration; the default is there once the configuration was checked. */
export const filled = <T extends TSchema>(schema: T): T => Type.Optional(schema)

export const oneOf = <const T extends string | number>(
  values: readonly [T, ...T[]],
  options: { readonly description: string; readonly default?: T },
) => {
  const type = typeof values[0] === 'number' ? 'integer' : 'string'
  return Type.Unsafe<T>({ type, enum: values, ...options })
}
