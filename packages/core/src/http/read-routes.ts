import type { ModelProperty } from '../device.ts'
import type { DeviceView, MapperView } from '../view.ts'
import type { HttpContext } from './context.ts'
import { deviceId, envelope, envelopeSchema, withView } from './go-answers.ts'
import { fail, type Answer, type Route, type RouteRequest } from './route.ts'

const text = (description: string) => ({ type: 'string', description })
const json = 'application/json'

/** What the Go mapper-framework answers to GET, with its paths and its keys. */
export const createReadRoutes = (context: HttpContext): readonly Route[] => [
  {
    method: 'GET',
    path: '/api/v1/ping',
    id: 'ping',
    summary: 'Tells that the server runs.',
    access: 'open',
    answer: { type: json, schema: envelopeSchema({ Message: { type: 'string' } }) },
    failures: [],
    run: () => envelope(context, { Message: 'This is v1 API, the server is running normally.' }),
  },
  {
    method: 'GET',
    path: '/api/v1/device/{namespace}/{name}/{property}',
    id: 'readProperty',
    summary:
      'The latest good value of a property, from memory. Fails if the newest reading failed: an old value is never answered as a good one.',
    access: 'open',
    answer: {
      type: json,
      schema: envelopeSchema({
        Data: {
          type: 'object',
          required: ['DeviceName', 'PropertyName', 'Namespace', 'Value', 'Type', 'TimeStamp'],
          properties: {
            DeviceName: { type: 'string' },
            PropertyName: { type: 'string' },
            Namespace: { type: 'string' },
            Value: text('As in the twin.'),
            Type: text('The type in the device model.'),
            TimeStamp: { type: 'integer', description: 'When it was true, in ms since 1970.' },
          },
        },
      }),
    },
    failures: [404, 503],
    run: ({ params }) =>
      withView(context, dataError, (view) => readProperty(context, view, params)),
  },
  {
    method: 'GET',
    path: '/api/v1/devicemethod/{namespace}/{name}',
    id: 'listMethods',
    summary: 'The methods of a device, and the paths to call them by POST or PUT.',
    access: 'open',
    answer: {
      type: json,
      schema: envelopeSchema({
        Data: {
          type: 'object',
          required: ['Methods'],
          properties: { Methods: { type: 'array', items: methodSchema } },
        },
      }),
    },
    failures: [404, 503],
    run: ({ params }) =>
      ofDevice(context, 'Get device method error', params, (device) =>
        envelope(context, { Data: { Methods: methodsOf(device, params) } }),
      ),
  },
  {
    method: 'GET',
    path: '/api/v1/meta/model/{namespace}/{name}',
    id: 'readModel',
    summary: 'The device model of a device. The name is that of the device.',
    access: 'open',
    answer: {
      type: json,
      schema: envelopeSchema({
        id: { type: 'string' },
        name: { type: 'string' },
        namespace: { type: 'string' },
        properties: { type: 'array', items: modelPropertySchema },
      }),
    },
    failures: [404, 503],
    run: ({ params }) =>
      ofDevice(context, 'Get device error', params, ({ model }) => {
        if (model === undefined) return fail(404, 'Get device error: its device model is not known')
        const { name, namespace } = model
        const properties = model.properties.map(modelPropertyOf)
        return envelope(context, { id: `${namespace}/${name}`, name, namespace, properties })
      }),
  },
  {
    method: 'GET',
    path: '/api/v1/database/{namespace}/{name}',
    id: 'readDatabase',
    summary: 'Kept for the Go framework: there is no database to read from, so it always fails.',
    access: 'open',
    answer: { type: json, schema: envelopeSchema({ Data: { type: 'null' } }) },
    failures: [501],
    run: () =>
      fail(
        501,
        'The database is not enabled: this mapper keeps no history, ask the database itself.',
      ),
  },
]

const dataError = 'Get device data error'

function ofDevice(
  context: HttpContext,
  prefix: string,
  params: RouteRequest['params'],
  answer: (device: DeviceView) => Answer,
) {
  return withView(context, prefix, (view) => {
    const device = view.device(deviceId(params))
    return device === undefined ? fail(404, `${prefix}: there is no such device`) : answer(device)
  })
}

function readProperty(
  context: HttpContext,
  view: MapperView,
  params: RouteRequest['params'],
): Answer {
  const { namespace, name, property = '' } = params
  const id = deviceId(params)
  const device = view.device(id)
  if (device === undefined) return fail(404, `${dataError}: there is no such device`)
  if (!device.properties.includes(property)) {
    return fail(404, `${dataError}: the device has no such property`)
  }
  const reading = device.readings.get(property)
  // The readings of a device that cannot be reached stay as they were: they are old, not good.
  const error = device.error ?? reading?.error
  if (error !== undefined) return unread(error.message)
  if (reading?.text === undefined) return unread(view.explain(id, property)?.why ?? 'no value yet')
  return envelope(context, {
    Data: {
      DeviceName: name,
      PropertyName: property,
      Namespace: namespace,
      Value: reading.text,
      Type: device.model?.properties.find((one) => one.name === property)?.type ?? '',
      TimeStamp: Math.trunc(reading.at),
    },
  })
}

const unread = (why: string) => fail(503, `${dataError}: ${why}`)

const methodSchema = {
  type: 'object',
  required: ['Name', 'Path', 'Parameters'],
  properties: {
    Name: { type: 'string' },
    Path: text('With {propertyName} and {data} to be filled in.'),
    Parameters: {
      type: 'array',
      items: {
        type: 'object',
        required: ['PropertyName', 'ValueType'],
        properties: {
          PropertyName: { type: 'string' },
          ValueType: text('The type in the device model, in lower case.'),
        },
      },
    },
  },
}

function methodsOf(device: DeviceView, { namespace, name }: RouteRequest['params']) {
  const types = new Map(device.model?.properties.map((one) => [one.name, one.type]))
  return device.methods.map((method) => ({
    Name: method.name,
    Path: `/api/v1/devicemethod/${namespace}/${name}/${method.name}/{propertyName}/{data}`,
    Parameters: method.propertyNames.map((property) => ({
      PropertyName: property,
      ValueType: types.get(property)?.toLowerCase() ?? '',
    })),
  }))
}

const modelPropertySchema = {
  type: 'object',
  required: ['name', 'dataType', 'accessMode'],
  properties: {
    name: { type: 'string' },
    dataType: { type: 'string' },
    description: { type: 'string' },
    accessMode: { enum: ['ReadOnly', 'ReadWrite'] },
    minimum: { type: 'string' },
    maximum: { type: 'string' },
    unit: { type: 'string' },
  },
}

/** Go leaves empty texts out. */
function modelPropertyOf({ name, type, accessMode, ...more }: ModelProperty) {
  const { description, minimum, maximum, unit } = more
  const said = Object.entries({ description, minimum, maximum, unit }).filter(([, text]) => text)
  return { name, dataType: type, accessMode, ...Object.fromEntries(said) }
}
