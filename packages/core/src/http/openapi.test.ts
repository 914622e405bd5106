import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, test } from 'vitest'
import { bearer, eventually, password, serveMapper, token, type Asked } from './http-rig.suite.ts'
import { parseMetrics } from './parse-metrics.suite.ts'

interface Operation {
  readonly operationId: string
  readonly parameters?: readonly { readonly name: string; readonly in: string }[]
  readonly security: readonly object[]
  readonly requestBody?: { content: Record<string, { schema: object }> }
  readonly responses: Record<string, { content: Record<string, { schema: object }> }>
}
type Paths = Record<string, Record<string, Operation>>

const ajv = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true })

type Requests = readonly (readonly [
  path: string,
  status: number,
  body?: object | undefined,
  bare?: true,
])[]

const forEach = (name: string, ways: readonly string[], each: Requests): Record<string, Requests> =>
  Object.fromEntries(ways.map((by): [string, Requests] => [`${name}${by}`, each]))

/** Each operation as it works, and as it fails. `bare`: without the token. */
const requests: Readonly<Record<string, Requests>> = {
  health: [['/healthz', 200]],
  readiness: [['/readyz', 200]],
  metrics: [['/metrics', 200]],
  listDevices: [
    ['/api/v1/devices?limit=1', 200],
    ['/api/v1/devices?limit=x', 400],
  ],
  explainProperty: [
    ['/api/v1/device/default/boiler-1/temperature/explain', 200],
    ['/api/v1/device/default/boiler-1/nothing/explain', 200],
    ['/api/v1/device/default/nobody/x/explain', 404],
  ],
  readLogLevel: [
    ['/api/v1/log/level', 200],
    ['/api/v1/log/level', 401, undefined, true],
  ],
  setLogLevel: [
    ['/api/v1/log/level', 200, { level: 'warn' }],
    ['/api/v1/log/level', 400, { level: 'x' }],
  ],
  ping: [['/api/v1/ping', 200]],
  readProperty: [
    ['/api/v1/device/default/boiler-1/label', 200],
    ['/api/v1/device/default/boiler-1/nothing', 404],
  ],
  listMethods: [['/api/v1/devicemethod/default/boiler-1', 200]],
  readModel: [
    ['/api/v1/meta/model/default/boiler-1', 200],
    ['/api/v1/meta/model/default/nobody', 404],
  ],
  readDatabase: [['/api/v1/database/default/boiler-1', 501]],
  describe: [['/api/v1/openapi.json', 200]],
  ...forEach(
    'writeProperty',
    ['ByPut', 'ByPost'],
    [
      ['/api/v1/device/default/boiler-1/setpoint', 200, { value: 5 }],
      ['/api/v1/device/default/boiler-1/setpoint', 400, { value: null }],
      ['/api/v1/device/default/boiler-1/setpoint', 422, { value: 500 }],
      ['/api/v1/device/default/boiler-1/temperature', 403, { value: 5 }],
      ['/api/v1/device/default/boiler-1/setpoint', 401, { value: 5 }, true],
    ],
  ),
  ...forEach(
    'callMethod',
    ['ByPut', 'ByPost'],
    [
      ['/api/v1/devicemethod/default/boiler-1/set/setpoint', 200, { value: '5' }],
      ['/api/v1/devicemethod/default/boiler-1/set/label', 404, { value: '5' }],
    ],
  ),
  ...forEach(
    'callMethodByPath',
    ['ByPut', 'ByPost', 'ByGet'],
    [
      ['/api/v1/devicemethod/default/boiler-1/set/setpoint/5', 200],
      ['/api/v1/devicemethod/default/boiler-1/set/setpoint/500', 422],
    ],
  ),
}

test('every operation is as the document says, as are its answers', async () => {
  const rig = await serveMapper({ writesByGet: true })
  await eventually(async () => expect((await rig.ask('/readyz')).status).toBe(200))
  const document = (await rig.ask('/api/v1/openapi.json')).json
  expect(document['openapi']).toBe('3.1.0')
  const operations = Object.entries(document['paths'] as Paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
  )
  expect(operations.map(({ operation }) => operation.operationId).sort()).toEqual(
    Object.keys(requests).sort(),
  )
  const seen: string[] = []
  for (const { path, method, operation } of operations) {
    const inPath = (operation.parameters ?? []).filter((one) => one.in === 'path')
    const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
    expect(inPath.map(({ name }) => name)).toEqual(named)
    const [first = '/'] = requests[operation.operationId]?.[0] ?? []
    const bare = await rig.ask(first, { method: method.toUpperCase() })
    const needsToken = operation.security.length > 0
    // Whatever is added: nothing but GET does without the token.
    expect(needsToken || method === 'get', `${method} ${path}`).toBe(true)
    expect(bare.status === 401, `${method} ${path}`).toBe(needsToken)
    for (const [target, status, body, isBare] of requests[operation.operationId] ?? []) {
      const title = `${method} ${target}`
      const headers = needsToken && isBare === undefined ? bearer : {}
      const more = { method: method.toUpperCase(), headers, ...(body && { body }) }
      const answer = await rig.ask(target, more)
      expect(answer.status, `${title}: ${answer.text}`).toBe(status)
      const type = String(answer.headers['content-type']).split(';')[0] ?? ''
      const schema = operation.responses[status]?.content[type]?.schema
      expect(schema, `${title} may answer ${status} as ${type}`).toBeDefined()
      expectValid(schema, type === 'application/json' ? answer.json : answer.text, title)
      const asked = operation.requestBody?.content['application/json']?.schema
      if (body && status !== 400) expectValid(asked, body, title)
      if (body && status === 400) expect(ajv.validate(asked ?? {}, body), title).toBe(false)
      seen.push(answer.text)
    }
  }
  for (const secret of [token, password]) {
    expect([...seen, ...rig.log.lines].filter((text) => text.includes(secret))).toEqual([])
  }
})

function expectValid(schema: object | undefined, value: unknown, title: string) {
  ajv.validate(schema ?? false, value)
  expect(ajv.errors ?? [], title).toEqual([])
}

test('the document leaves out what is switched off, and describes nothing that is not served', async () => {
  const { ask } = await serveMapper()
  const { paths } = (await ask('/api/v1/openapi.json')).json as unknown as { paths: Paths }
  const byPath = paths['/api/v1/devicemethod/{namespace}/{name}/{method}/{property}/{data}'] ?? {}
  expect(Object.keys(byPath).sort()).toEqual(['post', 'put'])
})

const metricNames = [
  'mapper_build_info',
  'mapper_connections',
  'mapper_device_up',
  'mapper_devices',
  'mapper_devices_with_issues',
  'mapper_dmi_requests_total',
  'mapper_dmi_throttled_total',
  'mapper_edge_registered',
  'mapper_http_connections_dropped_total',
  'mapper_http_requests_total',
  'mapper_read_duration_seconds',
  'mapper_reads_total',
  'mapper_report_queue_length',
  'mapper_reports_dropped_total',
  'mapper_twins',
  'mapper_twins_reported_total',
  'mapper_writes_total',
  'nodejs_heap_used_bytes',
  'process_cpu_seconds_total',
  'process_resident_memory_bytes',
  'process_start_time_seconds',
]

test('metrics tell what happened, with few labels', async () => {
  const { ask, edge } = await serveMapper()
  const metrics = async () => {
    const { text, headers } = await ask('/metrics')
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
    return new Map(parseMetrics(text).map((metric) => [metric.name, metric]))
  }
  const value = (all: Awaited<ReturnType<typeof metrics>>, name: string, labels: object) =>
    Number(
      all
        .get(name)
        ?.metrics.find((one) =>
          Object.entries(labels).every(([key, word]) => one.labels?.[key] === word),
        )?.value,
    )
  const put = (body: object): Promise<Asked> =>
    ask('/api/v1/device/default/boiler-1/setpoint', { method: 'PUT', headers: bearer, body })
  await put({ value: 5 })
  await ask('/stranger/1')
  await ask('/stranger/2', { method: 'DELETE' })
  await eventually(async () => expect((await ask('/readyz')).status).toBe(200))
  const all = await metrics()
  expect([...all.keys()].sort()).toEqual(metricNames)
  expect(value(all, 'mapper_device_up', { namespace: 'default', device: 'boiler-1' })).toBe(1)
  expect(value(all, 'mapper_devices', { state: 'ok' })).toBe(1)
  expect(value(all, 'mapper_reads_total', { result: 'good' })).toBeGreaterThan(0)
  expect(value(all, 'mapper_writes_total', { result: 'good' })).toBe(1)
  expect(value(all, 'mapper_edge_registered', {})).toBe(1)
  const calls = { method: 'register', code: 'good' }
  expect(value(all, 'mapper_dmi_requests_total', calls)).toBeGreaterThan(0)
  expect(value(all, 'mapper_http_requests_total', { route: 'other', code: '404' })).toBe(2)
  const [histogram] = all.get('mapper_read_duration_seconds')?.metrics ?? []
  expect(Object.keys(histogram?.buckets ?? {})).toHaveLength(12)
  expect(histogram?.buckets?.['+Inf']).toBe(histogram?.count)

  // Whatever strangers and devices are called, labels stay few and the text stays readable.
  const before = [...all.values()].reduce((sum, { metrics }) => sum + metrics.length, 0)
  for (let index = 0; index < 30; index++) await ask(`/api/v1/device/a/b/${index}`)
  edge.events?.device({
    ...{ namespace: 'default', name: 'quo"te\nline\\', model: 'nope', protocolName: 'fake' },
    ...{ protocol: {}, properties: [], methods: [] },
    stateReport: { toCloud: false, cycleMs: 0 },
  })
  const later = await metrics()
  const after = [...later.values()].reduce((sum, { metrics }) => sum + metrics.length, 0)
  // One device more, and the routes that were asked for the first time.
  expect(after - before).toBeLessThanOrEqual(5)
  expect(value(later, 'mapper_device_up', { device: 'quo"te\nline\\' })).toBe(0)
})
