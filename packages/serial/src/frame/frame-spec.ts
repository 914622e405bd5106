import { oneOf, Type, type Static } from '@mapper-sdk/core/schema'
import { checksumProperties } from '../checksum/checksum-spec.ts'
import { maybe } from '../schema-parts.ts'

const bytes = (description: string, example: string) =>
  Type.String({ minLength: 1, maxLength: 64, description, examples: [example] })

const start = maybe(
  bytes(
    'Bytes that every frame starts with. Names and escapes are understood: <STX>, \\x02, \\r, hex:02 30.',
    '<STX>',
  ),
)

const place = (description: string) =>
  maybe(Type.Integer({ minimum: -65_536, maximum: 65_535, description }))

export const placedChecksumSchema = Type.Object(
  {
    ...checksumProperties,
    at: place(
      'Where its first byte is: 0 is the first byte of the frame, -1 the last. Default: right before the end of the frame',
    ),
    afterEnd: maybe(
      Type.Boolean({
        default: false,
        description: 'It follows the end delimiter, which it then covers.',
      }),
    ),
    from: place(
      'First byte that it covers, counted like at. Default: the first after the start of the frame',
    ),
    to: place(
      'First byte that it no longer covers, counted like at. Default: where the checksum is, or the end delimiter if the checksum is in the head. Its own bytes are never covered.',
    ),
    prefix: maybe(
      bytes('Bytes right before it that belong to it and are not covered: * of NMEA 0183.', '*'),
    ),
  },
  { additionalProperties: false, description: 'The checksum of a frame, its place and cover.' },
)

/** The checksum of a frame, its place and cover. Offsets count in the frame without escapes. */
export type PlacedChecksum = Static<typeof placedChecksumSchema>

const common = {
  maxLength: maybe(
    Type.Integer({
      minimum: 1,
      maximum: 65_536,
      default: 1024,
      description:
        'Longest frame in bytes, with all that belongs to it. No more than that is ever kept in memory.',
    }),
  ),
  gapMs: maybe(
    Type.Integer({
      minimum: 1,
      maximum: 600_000,
      description:
        'Silence within a frame that ends it, in ms. Default: silence means nothing; with type: gap it is 20',
    }),
  ),
  gapCharacters: maybe(
    Type.Number({
      minimum: 1,
      maximum: 1000,
      description:
        'The same in characters of a serial line, where its speed is known; the longer of the two counts.',
    }),
  ),
}

const withChecksum = { checksum: maybe(placedChecksumSchema), ...common }
const closed = { additionalProperties: false }
const type = <const T extends string>(name: T) => Type.Literal(name)
const fixedEnd = maybe(bytes('Bytes that every frame ends with.', '<ETX>'))

const escape = Type.Object(
  {
    byte: bytes(
      'The byte that says that the next one is no delimiter. A delimiter may begin with it.',
      '<DLE>',
    ),
    xor: maybe(
      Type.Integer({
        minimum: 0,
        maximum: 255,
        default: 0,
        description:
          'What the byte after it is combined with by XOR. 0: it is itself. 0x20 as in HDLC and PPP.',
      }),
    ),
    also: maybe(bytes('More bytes that are escaped when sent.', '<XON><XOFF>')),
  },
  { ...closed, description: 'How delimiters are sent that are data.' },
)

export const delimitedSchema = Type.Object(
  {
    type: type('delimiter'),
    start,
    end: maybe(
      Type.Union(
        [
          bytes('Bytes that end a frame.', '<CR><LF>'),
          Type.Array(bytes('Bytes that end a frame.', '<CR>'), { minItems: 1, maxItems: 8 }),
        ],
        {
          description:
            'Bytes that end a frame, or a list of such, each of which does. Without it a frame lasts until the next one starts, or until silence.',
        },
      ),
    ),
    escape: maybe(escape),
    coding: maybe(
      oneOf(['plain', 'hex'], {
        default: 'plain',
        description:
          'hex: between the delimiters stand hexadecimal digits, two for each byte of payload and checksum, as in Modbus ASCII.',
      }),
    ),
    startInside: maybe(
      oneOf(['restart', 'data'], {
        default: 'restart',
        description:
          'What the start is within a frame: the start of another one, because the end of the first got lost, or data.',
      }),
    ),
    keepDelimiters: maybe(
      Type.Boolean({ default: false, description: 'Start and end belong to the payload.' }),
    ),
    ...withChecksum,
  },
  { ...closed, description: 'Frames between delimiters. Empty ones without a start are ignored.' },
)

export const fixedSchema = Type.Object(
  {
    type: type('fixed'),
    length: Type.Integer({
      minimum: 1,
      maximum: 65_536,
      description: 'Bytes of a frame, with all that belongs to it.',
    }),
    start,
    end: fixedEnd,
    ...withChecksum,
  },
  { ...closed, description: 'Frames of a fixed length.' },
)

export const lengthSchema = Type.Object(
  {
    type: type('length'),
    start,
    offset: Type.Integer({
      minimum: 0,
      maximum: 255,
      description: 'Where the length field is: 0 is the first byte of the frame.',
    }),
    size: maybe(oneOf([1, 2, 3, 4], { default: 1, description: 'Bytes of the length field.' })),
    order: maybe(
      oneOf(['big', 'little'], {
        default: 'big',
        description: 'Which byte of the length field goes first, the highest or the lowest.',
      }),
    ),
    counts: maybe(
      oneOf(['rest', 'payload', 'frame'], {
        default: 'rest',
        description:
          'What it counts: all bytes after it, the payload (without start, length field, checksum and end), or the whole frame.',
      }),
    ),
    adjust: maybe(
      Type.Integer({
        minimum: -65_535,
        maximum: 65_535,
        default: 0,
        description: 'What must be added to the field to get the bytes that it counts.',
      }),
    ),
    end: fixedEnd,
    ...withChecksum,
  },
  { ...closed, description: 'Frames that say how long they are.' },
)

export const gapSchema = Type.Object(
  { type: type('gap'), ...withChecksum },
  { ...closed, description: 'Frames that end by silence.' },
)

export const slipSchema = Type.Object(
  { type: type('slip'), ...withChecksum },
  { ...closed, description: 'SLIP (RFC 1055).' },
)

export const cobsSchema = Type.Object(
  { type: type('cobs'), ...withChecksum },
  { ...closed, description: 'Consistent Overhead Byte Stuffing, each frame followed by a zero.' },
)

export const patternSchema = Type.Object(
  {
    type: type('pattern'),
    pattern: Type.String({
      minLength: 1,
      maxLength: 1024,
      description:
        'Regular expression (RE2) of a whole frame. The frame ends at the first byte that completes it; each byte is one character. Allow twice the longest frame as maxLength.',
      examples: ['[+-]\\d+\\.\\d+ kg\\r'],
    }),
    ignoreCase: maybe(
      Type.Boolean({ default: false, description: 'Capital and small letters are the same.' }),
    ),
    ...withChecksum,
  },
  { ...closed, description: 'Frames that look like a pattern.' },
)

/** How frames are told apart, in a stream of bytes; for `checkFrameSpec` to check what remains. */
export const frameSchema = Type.Union(
  [
    ...([delimitedSchema, fixedSchema, lengthSchema, gapSchema] as const),
    ...([slipSchema, cobsSchema, patternSchema] as const),
  ],
  { description: 'How frames are told apart.' },
)

export type DelimitedSpec = Static<typeof delimitedSchema>
export type FixedSpec = Static<typeof fixedSchema>
export type LengthSpec = Static<typeof lengthSchema>
export type GapSpec = Static<typeof gapSchema>
export type SlipSpec = Static<typeof slipSchema>
export type CobsSpec = Static<typeof cobsSchema>
export type PatternSpec = Static<typeof patternSchema>
/** How frames are told apart: plain data, as a configuration holds it. */
export type FrameSpec = Static<typeof frameSchema>
