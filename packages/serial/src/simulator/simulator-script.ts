import { oneOf, Type, type Static } from '@mapper-sdk/core/schema'
import { extractProperties } from '../extract/extract-spec.ts'
import { frameSchema } from '../frame/frame-spec.ts'
import { matchSchema } from '../match/match-spec.ts'
import { maybe } from '../schema-parts.ts'

const closed = { additionalProperties: false }
const template = (description: string, example: string) =>
  Type.String({ maxLength: 2048, description, examples: [example] })
const duration = (minimum: number, description: string) =>
  Type.Integer({ minimum, maximum: 86_400_000, description })
const shape = <const T extends string>(name: T) =>
  Type.Literal(name, { description: 'How it moves.' })

const often = {
  everyMs: maybe(
    Type.Integer({
      minimum: 10,
      maximum: 86_400_000,
      default: 500,
      description: 'Time between two changes, in ms.',
    }),
  ),
}
const between = {
  minimum: Type.Number({ description: 'Lowest number.' }),
  maximum: Type.Number({ description: 'Highest number.' }),
  decimals: maybe(
    Type.Integer({
      minimum: 0,
      maximum: 12,
      description: 'Decimals that the number is rounded to. Default: 2, and 0 for an integer',
    }),
  ),
}
const period = {
  periodMs: maybe(
    Type.Integer({
      minimum: 10,
      maximum: 86_400_000,
      default: 60_000,
      description: 'Time of a whole course, in ms.',
    }),
  ),
}
const step = Type.Number({ exclusiveMinimum: 0, description: 'Largest change at once.' })

const varySchema = Type.Union(
  [
    Type.Object(
      { shape: shape('walk'), ...between, step: maybe(step), ...often },
      { ...closed, description: 'Steps at random, by itself a twentieth of the range at most.' },
    ),
    Type.Object(
      { shape: shape('sine'), ...between, ...period, ...often },
      { ...closed, description: 'A wave.' },
    ),
    Type.Object(
      { shape: shape('ramp'), ...between, ...period, ...often },
      { ...closed, description: 'From the lowest to the highest, and again.' },
    ),
    Type.Object(
      {
        shape: shape('follow'),
        target: Type.String({ description: 'The state that it goes to.', examples: ['target'] }),
        step,
        ...often,
      },
      { ...closed, description: 'Towards another state, as a motor goes to its target.' },
    ),
    Type.Object(
      {
        shape: shape('cycle'),
        values: Type.Array(Type.Union([Type.String({ maxLength: 1024 }), Type.Number()]), {
          minItems: 1,
          maxItems: 256,
          description: 'What it is, one after the other.',
        }),
        ...often,
      },
      { ...closed, description: 'Listed values, again and again.' },
    ),
  ],
  { description: 'How it moves by itself. Default: it does not' },
)

const stateSchema = Type.Object(
  {
    type: maybe(
      oneOf(['number', 'integer', 'text'], { default: 'number', description: 'What it is.' }),
    ),
    initial: maybe(
      Type.Union([Type.String({ maxLength: 1024 }), Type.Number()], {
        description: 'What it is at the start.',
      }),
    ),
    expression: maybe(
      Type.String({
        minLength: 1,
        maxLength: 256,
        description: 'Formula of other states that it is computed by, instead of initial.',
        examples: ['gross - tare'],
      }),
    ),
    vary: maybe(varySchema),
    description: maybe(Type.String({ maxLength: 2000, description: 'What it is for.' })),
  },
  { ...closed, description: 'Something that the device keeps.' },
)

const setSchema = Type.Object(
  {
    to: maybe(
      template('What it becomes, a template, instead of a value out of the request.', '{position}'),
    ),
    ...extractProperties,
  },
  { ...closed, description: 'Where in the request the value is, as a value of a recipe says it.' },
)

const payload = (description: string) =>
  Type.Union([template('One frame.', 'S S {weight:>10} g'), Type.Array(template('A frame.', ''))], {
    description,
  })

const condition = maybe(
  Type.Record(Type.String(), template('What it must be, a template.', '{target}'), {
    description: 'What states must be for it. All that is said must hold.',
  }),
)

const answerSchema = Type.Object(
  {
    when: matchSchema,
    if: condition,
    set: maybe(
      Type.Record(Type.String(), setSchema, {
        description: 'States that the request sets, before it is answered.',
      }),
    ),
    answer: maybe(
      payload(
        'The payload of the answer, a template with the states, the settings and the groups of when; or a list for several frames. Without it the device says nothing.',
      ),
    ),
    frame: maybe(frameSchema),
    afterMs: maybe(duration(0, 'How long the answer takes, in ms. Default: 0')),
  },
  { ...closed, description: 'What the device does when a request comes.' },
)

const sendSchema = Type.Object(
  {
    everyMs: duration(10, 'How often, in ms.'),
    if: condition,
    payload: payload(
      'The payload of the frame, a template with states and settings; or a list for several frames.',
    ),
    frame: maybe(frameSchema),
  },
  { ...closed, description: 'What the device sends on its own.' },
)

export const simulatorScriptSchema = Type.Object(
  {
    recipe: Type.String({ description: 'The file of the recipe, beside this one.' }),
    params: maybe(
      Type.Record(Type.String(), Type.Union([Type.String({ maxLength: 256 }), Type.Number()]), {
        description: 'Settings of the simulated device, such as its address.',
      }),
    ),
    state: maybe(
      Type.Record(Type.String(), stateSchema, { description: 'What it keeps, by name.' }),
    ),
    answers: maybe(
      Type.Array(answerSchema, {
        maxItems: 256,
        description: 'What it answers. The first that fits is taken.',
      }),
    ),
    sends: maybe(
      Type.Array(sendSchema, { maxItems: 64, description: 'What it sends on its own.' }),
    ),
  },
  { ...closed, description: 'A simulated device that speaks the protocol of a recipe.' },
)

/** A simulated device, as plain data. What is left out has the default that the schema names. */
export type SimulatorScript = Static<typeof simulatorScriptSchema>
export type ScriptState = Static<typeof stateSchema>
export type ScriptAnswer = Static<typeof answerSchema>
export type ScriptSend = Static<typeof sendSchema>
export type ScriptSet = Static<typeof setSchema>
export type Vary = Static<typeof varySchema>
