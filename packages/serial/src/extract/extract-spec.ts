import { oneOf, Type, type Static } from '@mapper-sdk/core/schema'
import { maybe } from '../schema-parts.ts'
import { numberTypes } from '../template/number-bytes.ts'

const closed = { additionalProperties: false }
const place = (description: string) =>
  Type.Integer({ minimum: -65_536, maximum: 65_535, description })

const byteTypes = [...numberTypes, 'bcd', 'bcdle', 'text', 'hex', 'decimal', 'bytes'] as const
export type ByteType = (typeof byteTypes)[number]

const bytesSchema = Type.Object(
  {
    at: place('Where: 0 is the first byte of the payload, -1 the last.'),
    type: oneOf(byteTypes, {
      description:
        'u8 … f64le: a number, be with the highest byte first, le with the lowest. bcd, bcdle: decimal digits, two in a byte. decimal, hex: digits as text. text, bytes: as they are.',
    }),
    length: maybe(
      Type.Integer({
        minimum: 1,
        maximum: 65_536,
        description: 'Bytes of it, for bcd, decimal, hex, text and bytes. Default: up to the end',
      }),
    ),
    bits: maybe(
      Type.Object(
        {
          from: Type.Integer({ minimum: 0, maximum: 63, description: 'Lowest bit; 0 counts one.' }),
          count: maybe(
            Type.Integer({ minimum: 1, maximum: 64, default: 1, description: 'How many bits.' }),
          ),
        },
        { ...closed, description: 'Some bits of a whole number.' },
      ),
    ),
  },
  { ...closed, description: 'Bytes at a place.' },
)

const sourceProperties = {
  group: maybe(
    Type.String({
      minLength: 1,
      maxLength: 64,
      description: 'A named group of the pattern, of its own or of the exchange or stream.',
      examples: ['weight'],
    }),
  ),
  column: maybe(
    Type.Object(
      {
        index: Type.Integer({
          minimum: 0,
          maximum: 4096,
          description: 'Which column; 0 is the first.',
        }),
        separator: maybe(
          Type.String({
            minLength: 1,
            maxLength: 8,
            default: ',',
            description: 'What is between columns. A space stands for any number of spaces.',
          }),
        ),
      },
      { ...closed, description: 'A column between separators.' },
    ),
  ),
  characters: maybe(
    Type.Object(
      {
        at: place('The first character; -1 is the last of the frame.'),
        length: maybe(
          Type.Integer({
            minimum: 1,
            maximum: 65_536,
            description: 'How many. Default: up to the end',
          }),
        ),
      },
      { ...closed, description: 'A column at a fixed place.' },
    ),
  ),
  json: maybe(
    Type.String({
      minLength: 1,
      maxLength: 256,
      description: 'A path in a frame of JSON.',
      examples: ['sensors[0].temperature'],
    }),
  ),
  bytes: maybe(bytesSchema),
  digits: maybe(
    oneOf(['decimal', 'hex'], {
      default: 'decimal',
      description: 'How numbers are written in a text.',
    }),
  ),
  trim: maybe(
    Type.Boolean({ default: true, description: 'Spaces round a text do not belong to it.' }),
  ),
  lookup: maybe(
    Type.Record(Type.String(), Type.String({ maxLength: 256, description: 'What it means.' }), {
      description:
        'What the texts or whole numbers mean that the device sends. One that is not listed is an error, unless there is otherwise.',
    }),
  ),
  otherwise: maybe(
    Type.String({ maxLength: 256, description: 'What it means if lookup does not list it.' }),
  ),
}

const sourceSchema = Type.Object(sourceProperties, {
  ...closed,
  description: 'Where in the frame. Default: the whole payload as text',
})

export const extractProperties = {
  ...sourceProperties,
  type: maybe(
    oneOf(['number', 'integer', 'text', 'boolean', 'bytes'], {
      default: 'number',
      description: 'What the value is.',
    }),
  ),
  encoding: maybe(
    oneOf(['latin1', 'utf8'], {
      default: 'latin1',
      description: 'How a text is written whose characters are not all ASCII.',
    }),
  ),
  pattern: maybe(
    Type.String({
      minLength: 1,
      maxLength: 1024,
      description: 'Regular expression (RE2) with the groups of this value alone.',
    }),
  ),
  factor: maybe(sourceSchema),
  scale: maybe(
    Type.Number({
      default: 1,
      not: { const: 0 },
      description: 'What the number is multiplied with.',
    }),
  ),
  offset: maybe(Type.Number({ default: 0, description: 'What is added after that.' })),
  expression: maybe(
    Type.String({
      minLength: 1,
      maxLength: 256,
      description:
        'Formula with raw, which is the number so far, other groups of the frame, and the names of with: + - * / ( ) min max abs round floor ceil.',
      examples: ['(raw - 32) * 5 / 9'],
    }),
  ),
  with: maybe(
    Type.Record(Type.String(), sourceSchema, {
      description: 'More numbers of the frame, by the names that expression has for them.',
    }),
  ),
}

export const extractSchema = Type.Object(extractProperties, {
  ...closed,
  description: 'How a value comes out of a frame.',
})

/** Where something is in a frame, as plain data. */
export type SourceSpec = Static<typeof sourceSchema>
/** How a value comes out of a frame, as plain data. */
export type ExtractSpec = Static<typeof extractSchema>
