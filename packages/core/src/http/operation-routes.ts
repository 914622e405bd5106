import { formatPath } from '../config.ts'
import { splitId } from '../device.ts'
import { logLevels, type LogLevel } from '../log-level.ts'
import type { DeviceView } from '../view.ts'
import type { HttpContext } from './context.ts'
import { expose, expositionType } from './exposition.ts'
import { deviceId, envelope, envelopeSchema, withView } from './go-answers.ts'
import { metricsOf } from './metrics.ts'
import { reasonsNotReady } from './readiness.ts'
import { fail, type Route } from './route.ts'

const json = 'application/json'
const states = ['ok', 'unhealthy', 'offline', 'unknown']

/** What those need who run mappers: probes, metrics, the state of the devices, the log level. */
export const createOperationRoutes = (context: HttpContext): readonly Route[] => [
  {
    method: 'GET',
    path: '/healthz',
    id: 'health',
    summary:
      'The process is alive. Devices and EdgeCore may be away: a restart would not help them.',
    access: 'probe',
    answer: { type: 'text/plain; charset=utf-8', schema: { const: 'ok' } },
    failures: [],
    run: () => ({ status: 200, text: 'ok' }),
  },
  {
    method: 'GET',
    path: '/readyz',
    id: 'readiness',
    summary: 'The mapper is registered with EdgeCore; if not (503), the reasons.',
    access: 'probe',
    answer: { type: json, schema: readinessSchema, also: 503 },
    failures: [],
    run: () => {
      const reasons = reasonsNotReady(context.view(), context.isStopping())
      const ready = reasons.length === 0
      return { status: ready ? 200 : 503, json: { ready, reasons } }
    },
  },
  {
    method: 'GET',
    path: '/metrics',
    id: 'metrics',
    summary: 'Metrics in the text format of Prometheus.',
    access: 'open',
    answer: { type: expositionType, schema: { type: 'string' } },
    failures: [],
    run: () => ({ status: 200, text: expose(metricsOf(context)), type: expositionType }),
  },
  {
    method: 'GET',
    path: '/api/v1/devices',
    id: 'listDevices',
    summary: 'The devices with their states and all that is wrong with their configuration.',
    access: 'open',
    query: {
      offset: { type: 'integer', minimum: 0, default: 0, description: 'How many are left out.' },
      limit: { type: 'integer', minimum: 1, maximum: 1000, default: 100 },
    },
    answer: { type: json, schema: devicesSchema },
    failures: [400, 503],
    run: ({ query }) =>
      withView(context, 'List devices error', (view) => {
        const offset = numberIn(query, 'offset', 0, 0, Number.MAX_SAFE_INTEGER)
        const limit = numberIn(query, 'limit', 100, 1, 1000)
        if (offset === undefined || limit === undefined) {
          return fail(400, 'List devices error: offset is from 0, limit from 1 to 1000')
        }
        const all = view.devices()
        const devices = all.slice(offset, offset + limit).map(deviceOf)
        return envelope(context, { Data: { total: all.length, devices } })
      }),
  },
  {
    method: 'GET',
    path: '/api/v1/device/{namespace}/{name}/{property}/explain',
    id: 'explainProperty',
    summary: 'Why the cloud shows of a property what it shows, and what to do about it.',
    access: 'open',
    answer: { type: json, schema: envelopeSchema({ Data: explanationSchema }) },
    failures: [404, 503],
    run: ({ params }) =>
      withView(context, 'Explain error', (view) => {
        const explanation = view.explain(deviceId(params), params['property'] ?? '')
        if (explanation === undefined) return fail(404, 'Explain error: there is no such device')
        return envelope(context, { Data: explanation })
      }),
  },
  ...logLevelRoutes(context),
]

const logLevelRoutes = (context: HttpContext): readonly Route[] => {
  const answer = { type: json, schema: levelSchema }
  const current = () => envelope(context, { Data: { level: context.level.current() } })
  const common = { path: '/api/v1/log/level', access: 'token', answer } as const
  return [
    {
      ...common,
      method: 'GET',
      id: 'readLogLevel',
      summary: 'How much is logged.',
      failures: [],
      run: current,
    },
    {
      ...common,
      method: 'PUT',
      id: 'setLogLevel',
      summary: 'Changes how much is logged, until the mapper ends.',
      body: {
        type: 'object',
        required: ['level'],
        properties: { level: { enum: logLevels } },
      },
      failures: [],
      run: ({ body }) => {
        const level = levelIn(body)
        if (level === undefined) {
          return fail(
            400,
            `Log level error: the body must be {"level": …}, one of ${logLevels.join(', ')}`,
          )
        }
        context.level.set(level)
        return current()
      },
    },
  ]
}

function levelIn(body: unknown): LogLevel | undefined {
  if (typeof body !== 'object' || body === null || !Object.hasOwn(body, 'level')) return undefined
  const { level } = body as { readonly level: unknown }
  return logLevels.find((one) => one === level)
}

function numberIn(
  query: URLSearchParams,
  key: string,
  fallback: number,
  least: number,
  most: number,
) {
  const text = query.get(key)
  if (text === null) return fallback
  const number = /^\d{1,15}$/.test(text) ? Number(text) : -1
  return number >= least && number <= most ? number : undefined
}

const deviceOf = ({ id, state, error, issues, properties }: DeviceView) => ({
  ...splitId(id),
  state,
  ...(error && { error: error.message }),
  properties,
  issues: issues.map(({ severity, path, message }) => ({
    severity,
    path: formatPath(path),
    message,
  })),
})

const readinessSchema = {
  type: 'object',
  required: ['ready', 'reasons'],
  properties: {
    ready: { type: 'boolean' },
    reasons: { type: 'array', items: { type: 'string' } },
  },
}

const levelSchema = envelopeSchema({
  Data: { type: 'object', required: ['level'], properties: { level: { enum: logLevels } } },
})

const devicesSchema = envelopeSchema({
  Data: {
    type: 'object',
    required: ['total', 'devices'],
    properties: {
      total: { type: 'integer', description: 'Of all devices, not only those that are listed.' },
      devices: {
        type: 'array',
        items: {
          type: 'object',
          required: ['namespace', 'name', 'state', 'properties', 'issues'],
          additionalProperties: false,
          properties: {
            namespace: { type: 'string' },
            name: { type: 'string' },
            state: { enum: states },
            error: { type: 'string', description: 'Why it cannot be reached, if so.' },
            properties: { type: 'array', items: { type: 'string' } },
            issues: {
              type: 'array',
              items: {
                type: 'object',
                required: ['severity', 'path', 'message'],
                properties: {
                  severity: { enum: ['error', 'warning'] },
                  path: { type: 'string', description: 'In the custom resource.' },
                  message: { type: 'string' },
                },
              },
            },
          },
        },
      },
    },
  },
})

const explanationSchema = {
  type: 'object',
  required: ['device', 'property', 'why', 'state', 'issues', 'link'],
  properties: {
    device: { type: 'string' },
    property: { type: 'string' },
    why: { type: 'string', description: 'The cause, in one sentence.' },
    state: { enum: states },
    issues: { type: 'array', items: { type: 'string' } },
    link: { enum: ['down', 'up', 'registered'], description: 'The link to EdgeCore.' },
    reading: {
      type: 'object',
      required: ['ageMs', 'watched'],
      properties: {
        text: { type: 'string', description: 'The last good value; absent if there was none.' },
        ageMs: { type: 'number', description: 'Of that value, in ms.' },
        watched: { type: 'boolean' },
        error: { type: 'string', description: 'Why the newest reading failed, if it did.' },
      },
    },
    twin: {
      type: 'object',
      required: ['text', 'status', 'dueInMs', 'ahead'],
      properties: {
        text: { type: 'object' },
        told: { type: 'object', description: 'What EdgeCore took last.' },
        status: { enum: ['told', 'filtered', 'waiting', 'refused'] },
        waitingMs: { type: 'number' },
        dueInMs: { type: 'number' },
        ahead: { type: 'integer', description: 'How many twins go before it.' },
        refusal: { type: 'string' },
      },
    },
  },
}
