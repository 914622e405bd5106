import { plainDecimal } from '../decimal.ts'
import type { MapperView } from '../view.ts'
import type { HttpContext } from './context.ts'
import { deviceId, envelope, envelopeSchema, failure, withView } from './go-answers.ts'
import { fail, type Answer, type Route, type RouteRequest } from './route.ts'

/** Writing a property of a device, by itself or through a device method. All of it needs the token. */
export function createWriteRoutes(
  context: HttpContext,
  options: { readonly writesByGet: boolean },
): readonly Route[] {
  const property = (method: 'POST' | 'PUT'): Route => ({
    ...common,
    method,
    path: '/api/v1/device/{namespace}/{name}/{property}',
    id: `writeProperty${nameOf(method)}`,
    summary:
      'Writes a property once, and answers what the device reads afterwards. The desired value in the cloud stays as it is.',
    body: bodySchema,
    run: (request) => {
      const text = valueIn(request.body)
      if (text === undefined) return wrongBody
      return write(context, request, text, (view, id) =>
        view.writeProperty(id, request.params['property'] ?? '', text),
      )
    },
  })
  const method = (verb: 'POST' | 'PUT'): Route => ({
    ...common,
    method: verb,
    path: '/api/v1/devicemethod/{namespace}/{name}/{method}/{property}',
    id: `callMethod${nameOf(verb)}`,
    summary: 'Calls a device method: writes one of the properties that it lists.',
    body: bodySchema,
    run: (request) => {
      const text = valueIn(request.body)
      return text === undefined ? wrongBody : call(context, request, text)
    },
  })
  const path = (verb: Route['method']): Route => ({
    ...common,
    method: verb,
    path: '/api/v1/devicemethod/{namespace}/{name}/{method}/{property}/{data}',
    id: `callMethodByPath${nameOf(verb)}`,
    summary:
      verb === 'GET'
        ? 'The same by GET, only with http.writes_by_get.'
        : 'The same with the value in the path, as the Go framework has it.',
    run: (request) => call(context, request, request.params['data'] ?? ''),
  })
  return [
    ...[property('PUT'), property('POST')],
    ...[method('PUT'), method('POST')],
    ...[path('PUT'), path('POST')],
    ...(options.writesByGet ? [path('GET')] : []),
  ]
}

const nameOf = (verb: string) => `By${verb.charAt(0)}${verb.slice(1).toLowerCase()}`
const prefix = 'Write device data error'

const bodySchema = {
  type: 'object',
  required: ['value'],
  additionalProperties: false,
  properties: {
    value: {
      type: ['string', 'number', 'boolean'],
      description:
        'As in the twin. Whole numbers beyond 9007199254740991 must be written as texts, to stay exact.',
    },
  },
}

const common = {
  access: 'token',
  answer: {
    type: 'application/json',
    schema: envelopeSchema({
      Message: { type: 'string' },
      Data: {
        type: 'object',
        required: ['PropertyName', 'Value'],
        properties: {
          PropertyName: { type: 'string' },
          Value: {
            type: ['string', 'null'],
            description: 'What the device reads after the write; null if it cannot be read back.',
          },
        },
      },
    }),
  },
  failures: [403, 404, 422, 501, 503, 504],
} as const

const wrongBody = fail(
  400,
  `${prefix}: the body must be {"value": …} with a text, a number or a boolean; whole numbers beyond 9007199254740991 as texts`,
)

/** The text of `{ value }`; undefined for anything else, and for numbers that JSON cannot carry exactly. */
function valueIn(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined
  const [[key, value] = [], ...others] = Object.entries(body) as [string, unknown][]
  if (key !== 'value' || others.length > 0) return undefined
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return String(value)
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) return undefined
  return plainDecimal(value)
}

const call = (context: HttpContext, request: RouteRequest, text: string) =>
  write(context, request, text, (view, id) => {
    const { method = '', property = '' } = request.params
    return view.callMethod(id, method, property, text)
  })

const write = (
  context: HttpContext,
  { params }: RouteRequest,
  text: string,
  run: (view: MapperView, id: string) => Promise<string | undefined>,
) =>
  withView(context, prefix, async (view): Promise<Answer> => {
    const { method, property = '' } = params
    const id = deviceId(params)
    const device = view.device(id)
    // Said here and not by the mapper, whose messages repeat the names that were asked for.
    const missing = (what: string) => fail(404, `${prefix}: ${what}`)
    if (device === undefined) return missing('there is no such device')
    const found = device.methods.find(({ name }) => name === method)
    if (method !== undefined && found === undefined) return missing('the device has no such method')
    if (!device.properties.includes(property)) return missing('the device has no such property')
    if (found !== undefined && !found.propertyNames.includes(property)) {
      return missing('the method does not list this property')
    }
    try {
      const value = await run(view, id)
      return envelope(context, {
        Message: `Write data ${text} to device ${id} successfully.`,
        Data: { PropertyName: property, Value: value ?? null },
      })
    } catch (thrown) {
      return failure(prefix, thrown)
    }
  })
