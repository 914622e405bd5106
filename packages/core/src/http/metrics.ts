import { readBoundsMs } from '../activity.ts'
import { splitId, type DeviceState } from '../device.ts'
import type { MapperView } from '../view.ts'
import type { HttpContext } from './context.ts'
import type { Metric, Sample } from './exposition.ts'

/**
 * All metrics. Their labels are bounded: names of devices, up to `mostDevices` of them, and words of
 * closed lists. Properties are no labels: there may be a hundred thousand.
 */
export const metricsOf = (context: HttpContext): readonly Metric[] => {
  const view = context.view()
  return [
    ...aboutBuild(context),
    ...(view === undefined ? [] : [...aboutDevices(view), ...aboutWork(view), ...aboutEdge(view)]),
    ...aboutHttp(context),
    ...aboutProcess(context),
  ]
}

/** More devices than one gateway has; beyond, only their numbers by state are told. */
export const mostDevices = 2_000

const gauge = (name: string, help: string, samples: readonly Sample[]): Metric => ({
  ...{ name, help, samples },
  type: 'gauge',
})
const counter = (name: string, help: string, samples: readonly Sample[]): Metric => ({
  ...{ name, help, samples },
  type: 'counter',
})
const single = (value: number): readonly Sample[] => [{ value }]
/** A sample for each entry, zeros too: what was never there cannot be alerted on. */
const byLabel = (label: string, counts: Readonly<Record<string, number>>): readonly Sample[] =>
  Object.entries(counts).map(([word, value]) => ({ labels: { [label]: word }, value }))

const aboutBuild = ({ mapper: { name, version, protocol, sdk } }: HttpContext) => [
  gauge('mapper_build_info', 'What runs here; always 1.', [
    { labels: { mapper: name, version, protocol, sdk, node: process.versions.node }, value: 1 },
  ]),
]

function aboutDevices(view: MapperView): readonly Metric[] {
  const devices = view.devices()
  const states: Record<DeviceState, number> = { ok: 0, unhealthy: 0, offline: 0, unknown: 0 }
  for (const { state } of devices) states[state]++
  const shown = devices.slice(0, mostDevices)
  return [
    gauge('mapper_devices', 'Devices by state.', byLabel('state', states)),
    gauge(
      'mapper_device_up',
      `1 if the state of the device is ok, else 0. At most ${mostDevices} devices are listed.`,
      shown.map(({ id, state }) => {
        const { namespace, name } = splitId(id)
        return { labels: { namespace, device: name }, value: state === 'ok' ? 1 : 0 }
      }),
    ),
    gauge(
      'mapper_devices_with_issues',
      'Devices with something wrong in their configuration.',
      single(devices.filter(({ issues }) => issues.length > 0).length),
    ),
    gauge(
      'mapper_connections',
      'Connections to devices, shared ones once.',
      single(view.connections),
    ),
  ]
}

function aboutWork({ activity }: MapperView): readonly Metric[] {
  const { classes, totalMs } = activity.readCalls
  const upTo = (index: number) => classes.slice(0, index + 1).reduce((sum, one) => sum + one, 0)
  const total = upTo(classes.length)
  return [
    counter(
      'mapper_reads_total',
      'Readings of properties by result: good, or the code of the error.',
      byLabel('result', activity.reads),
    ),
    {
      name: 'mapper_read_duration_seconds',
      help: 'How long calls took that read a device.',
      type: 'histogram',
      samples: [
        ...readBoundsMs.map((bound, index) => ({
          suffix: '_bucket',
          labels: { le: bound / 1000 },
          value: upTo(index),
        })),
        { suffix: '_bucket', labels: { le: '+Inf' }, value: total },
        { suffix: '_sum', value: totalMs / 1000 },
        { suffix: '_count', value: total },
      ],
    },
    counter(
      'mapper_writes_total',
      'Writes of properties by result: good, or the code of the error.',
      byLabel('result', activity.writes),
    ),
  ]
}

function aboutEdge({ edge, outbox, activity }: MapperView): readonly Metric[] {
  const { edgeCalls, dropped } = activity
  return [
    gauge(
      'mapper_edge_registered',
      '1 if the mapper is registered with EdgeCore, else 0.',
      single(edge.link === 'registered' ? 1 : 0),
    ),
    gauge('mapper_twins', 'Twins that are reported.', single(outbox.twins)),
    gauge(
      'mapper_report_queue_length',
      'Twins and states that wait to be reported.',
      single(outbox.waiting),
    ),
    counter(
      'mapper_reports_dropped_total',
      'Reports that did not leave: EdgeCore refused the twin, or its text cannot be told.',
      byLabel('reason', dropped),
    ),
    counter(
      'mapper_dmi_requests_total',
      'Calls to EdgeCore by method and result, over MQTT too where that is the way of reports.',
      Object.entries(edgeCalls).flatMap(([method, codes]) =>
        Object.entries(codes).map(([code, value]) => ({ labels: { method, code }, value })),
      ),
    ),
    counter(
      'mapper_dmi_throttled_total',
      'Calls that EdgeCore refused because there were too many.',
      single(edge.throttled),
    ),
    counter('mapper_twins_reported_total', 'Twins that EdgeCore took.', single(edge.twins)),
  ]
}

function aboutHttp({ traffic }: HttpContext): readonly Metric[] {
  return [
    counter(
      'mapper_http_requests_total',
      'Requests by route, method and status.',
      [...traffic.requests.values()].map(({ count, ...labels }) => ({ labels, value: count })),
    ),
    counter(
      'mapper_http_connections_dropped_total',
      'Connections that were refused because there were too many.',
      single(traffic.dropped),
    ),
  ]
}

function aboutProcess({ wall }: HttpContext): readonly Metric[] {
  const { user, system } = process.cpuUsage()
  const { rss, heapUsed } = process.memoryUsage()
  return [
    counter('process_cpu_seconds_total', 'CPU time in seconds.', single((user + system) / 1e6)),
    gauge('process_resident_memory_bytes', 'Resident memory in bytes.', single(rss)),
    gauge(
      'process_start_time_seconds',
      'When the process started, in seconds since 1970.',
      single(wall() / 1000 - process.uptime()),
    ),
    gauge(
      'nodejs_heap_used_bytes',
      'Used memory of the JavaScript heap in bytes.',
      single(heapUsed),
    ),
  ]
}
