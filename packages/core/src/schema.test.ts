import { describe, expect, it } from 'vitest'
import { Type as Typebox } from 'typebox'
import { Type } from './schema.ts'

/** One schema of every kind, with options and without, nested, by either of the two. */
const schemasOf = (T: typeof Type) => ({
  empty: T.Object({}),
  object: T.Object(
    {
      must: T.String({ minLength: 1, description: 'text' }),
      may: T.Optional(T.Integer({ minimum: 0, default: 3 })),
      list: T.Optional(T.Array(T.Number(), { maxItems: 4 })),
      nested: T.Object({ on: T.Boolean({ default: true }) }, { default: {} }),
    },
    { additionalProperties: false, description: 'all of it' },
  ),
  allOptional: T.Object({ one: T.Optional(T.Boolean()) }),
  number: T.Number({ exclusiveMinimum: 0 }),
  literals: T.Union([T.Literal('x'), T.Literal(3), T.Literal(true)], { description: 'one of' }),
  enumeration: T.Enum(['a', 'b'], { default: 'a' }),
  record: T.Record(T.String(), T.Number(), { description: 'numbers' }),
  unsafe: T.Unsafe<1 | 2>({ type: 'integer', enum: [1, 2] }),
})

describe('schemas', () => {
  const ours = schemasOf(Type)
  const theirs = schemasOf(Typebox)
  it.each(Object.keys(ours) as (keyof typeof ours)[])('are those of typebox: %s', (name) => {
    expect(JSON.stringify(ours[name])).toBe(JSON.stringify(theirs[name]))
  })

  it('are optional only where they say so', () => {
    const text = Type.String()
    expect(Type.Object({ a: Type.Optional(text), b: text })).toEqual({
      type: 'object',
      required: ['b'],
      properties: { a: { type: 'string' }, b: { type: 'string' } },
    })
  })
})
