import { Type, type TSchema } from '@mapper-sdk/core/schema'

/** May be left out in a spec. */
export const maybe = <T extends TSchema>(schema: T) => Type.Optional(schema)

/** What a schema cannot say about a spec: the field that is wrong, and why with the way out. */
export interface SpecProblem {
  /** The keys that lead to the field; empty: the whole spec. */
  readonly path: readonly (string | number)[]
  readonly message: string
}

/**
 * The same schema for a check that fills nothing in: a default within an alternative means nothing to
 * JSON Schema, and strict checkers refuse it.
 */
export function withoutDefaults(schema: object): object {
  const strip = (value: unknown, isMap: boolean): unknown => {
    if (Array.isArray(value)) return value.map((one) => strip(one, false))
    if (typeof value !== 'object' || value === null) return value
    const kept = Object.entries(value).filter(([key]) => isMap || key !== 'default')
    return Object.fromEntries(
      kept.map(([key, one]) => [key, strip(one, key === 'properties' && !isMap)]),
    )
  }
  return strip(schema, false) as object
}
