import { MapperError, type ErrorCode } from '../errors.ts'
import type { MapperView } from '../view.ts'
import type { HttpContext } from './context.ts'
import { fail, type Answer } from './route.ts'

/** What every good answer of the Go mapper-framework has around what was asked for. */
export const envelope = (context: HttpContext, fields: object): Answer => ({
  status: 200,
  json: {
    apiVersion: 'v1',
    statusCode: 200,
    timeStamp: new Date(context.wall()).toISOString(),
    ...fields,
  },
})

/** The schema of an envelope with these fields. */
export const envelopeSchema = (fields: Readonly<Record<string, object>>) => ({
  type: 'object',
  required: ['apiVersion', 'statusCode', 'timeStamp', ...Object.keys(fields)],
  properties: {
    apiVersion: { const: 'v1' },
    statusCode: { const: 200 },
    timeStamp: { type: 'string', description: 'When it was answered, RFC 3339.' },
    ...fields,
  },
})

/**
 * The status that says whose fault it is: of the asker, of the field, or ours. Names are looked up before;
 * a configuration that is wrong then is that of a property which does not run.
 */
export const statusOfCode: Readonly<Record<ErrorCode, number>> = {
  invalid_config: 503,
  unreachable: 503,
  timeout: 504,
  rejected: 422,
  bad_data: 422,
  access_denied: 403,
  unsupported: 501,
  canceled: 503,
  edge_unavailable: 503,
  internal: 500,
}

/** A failure in the words of the Go framework: a plain text that begins with what was tried. */
export function failure(prefix: string, thrown: unknown): Answer {
  const error = MapperError.from(thrown)
  // What a bug has to say is for the log, not for whoever asks.
  if (error.code === 'internal') throw error
  return fail(statusOfCode[error.code], `${prefix}: ${error.message}`)
}

/** Answers from the view, or 503 while there is none. */
export function withView(
  context: HttpContext,
  prefix: string,
  answer: (view: MapperView) => Answer | Promise<Answer>,
): Answer | Promise<Answer> {
  const view = context.view()
  return view === undefined ? fail(503, `${prefix}: the mapper is starting`) : answer(view)
}

export const deviceId = ({ namespace, name }: Readonly<Record<string, string>>) =>
  `${namespace}/${name}`
