import { MapperError, createChecker, formatPath } from '@mapper-sdk/core'
import { Type, type Static } from '@mapper-sdk/core/schema'
import { maybe } from '../schema-parts.ts'
import { parseBytes } from '../text/bytes-text.ts'
import { numericKeys, readYamlText } from './yaml-text.ts'

const closed = { additionalProperties: false }
const wire = (description: string) => Type.String({ maxLength: 16_384, description })

const stepSchema = Type.Object(
  {
    exchange: maybe(Type.String({ description: 'The exchange that is done.' })),
    stream: maybe(Type.String({ description: 'The stream whose frame comes.' })),
    write: maybe(Type.String({ description: 'The write that is done.' })),
    value: maybe(Type.String({ maxLength: 1024, description: 'What is written.' })),
    sends: maybe(wire('All bytes that go to the device.')),
    receives: maybe(wire('All bytes that come from the device.')),
    values: maybe(
      Type.Record(Type.String(), Type.String(), {
        description: 'The values that come out of it, as texts.',
      }),
    ),
    error: maybe(
      Type.String({
        description: 'The code of the error that it ends with; timeout: no frame is the answer.',
      }),
    ),
  },
  { ...closed, description: 'An exchange, a write, or a frame of a stream.' },
)

export const transcriptSchema = Type.Object(
  {
    recipe: Type.String({ description: 'The file of the recipe, beside this one.' }),
    params: maybe(Type.Record(Type.String(), Type.String(), { description: 'Settings.' })),
    steps: Type.Array(stepSchema, { minItems: 1, maxItems: 1000, description: 'In their order.' }),
  },
  { ...closed, description: 'What went over a line, and what it means.' },
)

/** What went over a line, and what it means. */
export type Transcript = Static<typeof transcriptSchema>
export type TranscriptStep = Static<typeof stepSchema>

const checker = createChecker(transcriptSchema)
const numbers = numericKeys(transcriptSchema)

/** Throws a MapperError `invalid_config` with all that is wrong: `file:line:column: path what`. */
export function parseTranscript(yamlText: string, file: string): Transcript {
  const { value: raw, place } = readYamlText(yamlText, file, numbers)
  const { value, issues } = checker.check(raw, [])
  const problems: { path: readonly (string | number)[]; message: string }[] = [...issues]
  if (problems.length === 0) {
    for (const [index, step] of (value as Transcript).steps.entries()) {
      const path = ['steps', index]
      const kinds = [step.exchange, step.stream, step.write].filter((one) => one !== undefined)
      if (kinds.length !== 1)
        problems.push({ path, message: 'needs one of exchange, stream, write' })
      for (const key of ['sends', 'receives'] as const) {
        try {
          parseBytes(step[key] ?? '')
        } catch (thrown) {
          problems.push({ path: [...path, key], message: MapperError.from(thrown).detail })
        }
      }
    }
  }
  if (problems.length === 0) return value as Transcript
  const lines = problems.map(
    ({ path, message }) => `${place(path)}: ${formatPath(path)} ${message}`,
  )
  throw new MapperError('invalid_config', lines.join('\n'))
}
