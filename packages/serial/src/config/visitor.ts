import { Type, type Static } from '@mapper-sdk/core/schema'

const name = (description: string, example: string) =>
  Type.Optional(Type.String({ minLength: 1, maxLength: 64, description, examples: [example] }))

/** `visitors.configData` of a property. */
export const visitorSchema = Type.Object(
  {
    value: name(
      'The value of the recipe that is read; default: the one that is called like the property',
      'weight',
    ),
    write: name(
      'The write of the recipe that sets it; default: the one that is called like the value',
      'tare',
    ),
  },
  { description: 'What a property is in the recipe of its device.' },
)

export type SerialVisitor = Static<typeof visitorSchema>
