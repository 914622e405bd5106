import { Type, type TSchema } from '@mapper-sdk/core/schema'

/** May be left out in a spec. */
export const maybe = <T extends TSchema>(schema: T) => Type.Optional(schema)

export const oneOf = <const T extends string | number>(
  values: readonly [T, ...T[]],
  options: { readonly description: string; readonly default?: T },
) => {
  const type = typeof values[0] === 'number' ? 'integer' : 'string'
  return Type.Unsafe<T>({ type, enum: values, ...options })
}

/** What a schema cannot say about a spec: the field that is wrong, and why with the way out. */
export interface SpecProblem {
  /** The keys that lead to the field; empty: the whole spec. */
  readonly path: readonly (string | number)[]
  readonly message: string
}
