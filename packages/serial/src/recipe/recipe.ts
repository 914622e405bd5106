import { oneOf, Type, type Static } from '@mapper-sdk/core/schema'
import { extractProperties } from '../extract/extract-spec.ts'
import { frameSchema, type FrameSpec } from '../frame/frame-spec.ts'
import { matchSchema } from '../match/match-spec.ts'
import { maybe } from '../schema-parts.ts'

const closed = { additionalProperties: false }
const words = (description: string, example?: string) =>
  Type.String({
    minLength: 1,
    maxLength: 2000,
    description,
    ...(example !== undefined && { examples: [example] }),
  })
const template = (description: string, example: string) =>
  Type.String({ maxLength: 2048, description, examples: [example] })
const named = <T extends ReturnType<typeof Type.Object>>(values: T, description: string) =>
  Type.Record(Type.String(), values, { description })

const framed = (description: string) => Type.Unsafe<FrameSpec>({ ...frameSchema, description })

const lineSchema = Type.Object(
  {
    baudRate: maybe(
      Type.Integer({ minimum: 50, maximum: 10_000_000, description: 'Bits per second.' }),
    ),
    dataBits: maybe(oneOf([5, 6, 7, 8], { description: 'Data bits of a character.' })),
    parity: maybe(oneOf(['none', 'even', 'odd'], { description: 'Parity.' })),
    stopBits: maybe(oneOf([1, 2], { description: 'Stop bits.' })),
    flowControl: maybe(
      oneOf(['none', 'hardware', 'software'], {
        description: 'How either end tells the other to wait: RTS/CTS, or XON/XOFF.',
      }),
    ),
    rs485: maybe(
      Type.Boolean({
        description:
          'RTS switches the transmitter while sending. Most converters do so by themselves, so a device should say it rather than a recipe.',
      }),
    ),
    pauseMs: maybe(
      Type.Integer({
        minimum: 0,
        maximum: 60_000,
        default: 0,
        description: 'Silence that the device needs before a request, in ms.',
      }),
    ),
  },
  { ...closed, description: 'How the device is shipped; a device can say otherwise.' },
)

const paramSchema = Type.Object(
  {
    type: maybe(
      oneOf(['integer', 'number', 'text'], { default: 'text', description: 'What it is.' }),
    ),
    default: maybe(
      Type.Union([Type.String({ maxLength: 256 }), Type.Number()], {
        description: 'What it is if the device does not say. Without it every device must say.',
      }),
    ),
    minimum: maybe(Type.Number({ description: 'Lowest number.' })),
    maximum: maybe(Type.Number({ description: 'Highest number.' })),
    pattern: maybe(
      Type.String({
        minLength: 1,
        maxLength: 256,
        description: 'Regular expression (RE2) that a text must have.',
        examples: ['^[0-9A-Z]$'],
      }),
    ),
    description: maybe(words('What it is for.')),
  },
  { ...closed, description: 'A setting of one device, such as its address.' },
)

const errorSchema = Type.Object(
  {
    match: matchSchema,
    code: maybe(
      oneOf(['rejected', 'bad_data', 'access_denied', 'unsupported', 'unreachable'], {
        default: 'rejected',
        description: 'Which kind of error it is.',
      }),
    ),
    text: words('What it means.', 'the scale is moving'),
  },
  { ...closed, description: 'An answer by which the device says that it cannot.' },
)

const asking = {
  first: maybe(
    Type.Array(words('An exchange.'), {
      minItems: 1,
      maxItems: 8,
      description:
        'Exchanges right before it, in the same turn on the line: a device that must be called first.',
    }),
  ),
  frame: maybe(framed('How its answer is framed; default: as all others are')),
  request: template('What is sent: the payload of a frame.', 'SI'),
  response: maybe(matchSchema),
  noResponse: maybe(Type.Boolean({ default: false, description: 'The device does not answer.' })),
  timeoutMs: maybe(
    Type.Integer({
      minimum: 1,
      maximum: 600_000,
      default: 1000,
      description: 'How long the answer may take, in ms.',
    }),
  ),
  errors: maybe(Type.Array(errorSchema, { maxItems: 64, description: 'Answers that are errors.' })),
  description: maybe(words('What it is for.')),
}

const exchangeSchema = Type.Object(asking, {
  ...closed,
  description: 'A request and its answer. Without response any frame is the answer.',
})

const streamSchema = Type.Object(
  {
    match: matchSchema,
    timeoutMs: maybe(
      Type.Integer({
        minimum: 1,
        maximum: 86_400_000,
        description:
          'After how long without such a frame its values no longer hold, in ms; default: they hold until the next one',
      }),
    ),
    description: maybe(words('What it is.')),
  },
  { ...closed, description: 'Frames that the device sends on its own.' },
)

const valueSchema = Type.Object(
  {
    from: words('The exchange or stream whose frames have it.', 'weigh'),
    unit: maybe(words('Its unit.', 'kg')),
    description: maybe(words('What it is.')),
    ...extractProperties,
  },
  { ...closed, description: 'A value, and how it comes out of a frame.' },
)

const writeSchema = Type.Object(
  {
    ...asking,
    type: maybe(
      oneOf(['number', 'integer', 'text', 'boolean'], {
        default: 'number',
        description: 'What {value} is.',
      }),
    ),
    minimum: maybe(Type.Number({ description: 'Lowest value.' })),
    maximum: maybe(Type.Number({ description: 'Highest value.' })),
    scale: maybe(
      Type.Number({
        default: 1,
        not: { const: 0 },
        description: 'What the value is multiplied with before it is sent.',
        examples: [1000],
      }),
    ),
    lookup: maybe(
      Type.Record(Type.String(), Type.String({ maxLength: 256, description: 'What is sent.' }), {
        description: 'What is sent for each value. Others are refused.',
      }),
    ),
    readBack: maybe(words('The value that is read after it, and must be the one written.')),
  },
  { ...closed, description: 'A request that sets {value}, and its answer.' },
)

export const recipeSchema = Type.Object(
  {
    name: words('What the device is called.', 'MT-SICS scale'),
    description: maybe(words('What the device does.')),
    documentation: maybe(words('Title of the public document that describes the protocol.')),
    line: maybe(lineSchema),
    params: maybe(named(paramSchema, 'Settings of one device, for placeholders.')),
    frame: framed('How answers and streams are framed.'),
    send: maybe(framed('How requests are framed; default: as answers are')),
    reserved: maybe(
      Type.String({
        maxLength: 64,
        description:
          'Characters that no text in a request may have, because they mean something in the protocol. Control characters and delimiters never may.',
        examples: [';'],
      }),
    ),
    init: maybe(
      Type.Array(words('An exchange.'), {
        maxItems: 32,
        description: 'Exchanges after connecting, in their order.',
      }),
    ),
    shutdown: maybe(
      Type.Array(words('An exchange.'), {
        maxItems: 32,
        description: 'Exchanges before the connection is closed, in their order.',
      }),
    ),
    keepAlive: maybe(
      Type.Object(
        {
          everyMs: Type.Integer({
            minimum: 10,
            maximum: 86_400_000,
            description: 'After how long without an exchange, in ms.',
          }),
          exchange: words('The exchange.'),
        },
        { ...closed, description: 'What keeps the device awake.' },
      ),
    ),
    exchanges: maybe(named(exchangeSchema, 'Requests with their answers, by name.')),
    streams: maybe(named(streamSchema, 'What the device sends on its own, by name.')),
    values: maybe(named(valueSchema, 'What can be read, by name.')),
    writes: maybe(named(writeSchema, 'What can be set, by name.')),
  },
  { ...closed, description: 'A protocol of a device, declared.' },
)

/** A protocol of a device, as plain data. What is left out has the default that the schema names. */
export type Recipe = Static<typeof recipeSchema>
export type Exchange = Static<typeof exchangeSchema>
export type RecipeValue = Static<typeof valueSchema>
export type RecipeWrite = Static<typeof writeSchema>
export type RecipeLine = Static<typeof lineSchema>
export type Param = Static<typeof paramSchema>
