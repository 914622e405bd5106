import { createActivity } from '../activity.ts'
import type { MapperView } from '../view.ts'
import type { HttpContext } from './context.ts'
import { metricsOf } from './metrics.ts'
import { openApiOf } from './openapi.ts'
import { createRoutes } from './routes.ts'
import { createTraffic } from './traffic.ts'

/** A metric that `/metrics` tells, without its values. */
export interface MetricDescription {
  readonly name: string
  readonly type: string
  readonly labels: readonly string[]
  readonly help: string
}

/**
 * The REST API as data, for documents and clients: the OpenAPI document with every option on, and the
 * metrics. It is what a running mapper serves, but for the name of the mapper.
 */
export function describeHttp(): {
  readonly openApi: object
  readonly metrics: readonly MetricDescription[]
} {
  const traffic = createTraffic()
  traffic.count('/healthz', 'GET', 200)
  const context: HttpContext = {
    view: () => exampleView,
    level: { current: () => 'info', set: () => undefined },
    mapper: { name: 'example', version: 'v1.0.0', protocol: 'example', sdk: '' },
    isStopping: () => false,
    traffic,
    wall: Date.now,
  }
  const metrics = metricsOf(context).map(({ name, type, help, samples }) => ({
    name,
    type,
    help,
    labels: Object.keys(samples[0]?.labels ?? {}),
  }))
  return { openApi: openApiOf(createRoutes(context, { writesByGet: true }), context), metrics }
}

const exampleView: MapperView = {
  devices: () => [
    {
      ...{ id: 'default/example', state: 'ok', error: undefined, issues: [] },
      ...{ readings: new Map(), properties: [], methods: [], model: undefined },
    },
  ],
  device: () => undefined,
  edge: {
    ...{ link: 'registered', reason: undefined, registrations: 1, calls: 1, twins: 0 },
    ...{ throttled: 0, failed: 0, refusedTwins: 0, callsPerSecond: 1 },
  },
  outbox: { twins: 0, waiting: 0 },
  connections: 0,
  activity: createActivity().counts,
  explain: () => undefined,
  callMethod: async () => undefined,
  writeProperty: async () => undefined,
}
