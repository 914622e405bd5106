import { Type, type Static } from '@mapper-sdk/core/schema'
import { maybe } from '../schema-parts.ts'

const template = (description: string, example: string) =>
  Type.String({ minLength: 1, maxLength: 1024, description, examples: [example] })

export const patternText = (description: string, example: string) =>
  Type.String({ minLength: 1, maxLength: 1024, description, examples: [example] })

export const matchSchema = Type.Object(
  {
    pattern: maybe(
      patternText(
        'Regular expression (RE2) that is found in the frame; each byte is one character. Values can take its named groups.',
        '^S [SD] +(?<weight>[-0-9.]+) (?<unit>\\w+)$',
      ),
    ),
    ignoreCase: maybe(
      Type.Boolean({
        default: false,
        description: 'Capital and small letters are the same for the pattern.',
      }),
    ),
    groups: maybe(
      Type.Record(Type.String(), template('What the group must be.', '{address:02d}'), {
        description:
          'What named groups of the pattern must be: templates, so that an answer can be required to have the address of the request.',
      }),
    ),
    prefix: maybe(template('What the frame begins with, a template.', '{address:u8}\\x03')),
    bytes: maybe(
      Type.Array(
        Type.Object(
          {
            at: Type.Integer({
              minimum: -65_536,
              maximum: 65_535,
              description: 'Where: 0 is the first byte of the payload, -1 the last.',
            }),
            equals: template('What is there, a template.', 'hex:81'),
          },
          { additionalProperties: false, description: 'Bytes at a place.' },
        ),
        { minItems: 1, maxItems: 16, description: 'Bytes at places of the frame.' },
      ),
    ),
    length: maybe(
      Type.Integer({ minimum: 0, maximum: 65_536, description: 'Bytes of the payload.' }),
    ),
  },
  {
    additionalProperties: false,
    description: 'Which frames are meant. All that is said must hold.',
  },
)

/** Which frames are meant, as plain data. */
export type MatchSpec = Static<typeof matchSchema>
