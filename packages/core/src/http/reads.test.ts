import { expect, test } from 'vitest'
import { MapperError } from '../errors.ts'
import { eventually, serve, serveMapper } from './http-rig.suite.ts'

const iso = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/
const around = {
  apiVersion: 'v1',
  statusCode: 200,
  timeStamp: expect.stringMatching(iso) as string,
}

test('the routes of the Go framework answer as there', async () => {
  const { ask } = await serveMapper()
  const ping = await ask('/api/v1/ping')
  expect(ping.headers['content-type']).toBe('application/json')
  expect(ping.json).toEqual({
    ...around,
    Message: 'This is v1 API, the server is running normally.',
  })
  const before = Date.now()
  const read = await ask('/api/v1/device/default/boiler-1/temperature')
  expect(read.json).toEqual({
    ...around,
    Data: {
      DeviceName: 'boiler-1',
      PropertyName: 'temperature',
      Namespace: 'default',
      Value: '21.5',
      Type: 'FLOAT',
      TimeStamp: expect.any(Number) as number,
    },
  })
  const { TimeStamp } = read.json['Data'] as { TimeStamp: number }
  expect(Math.abs(before - TimeStamp)).toBeLessThan(60_000)
  expect((await ask('/api/v1/devicemethod/default/boiler-1')).json).toEqual({
    ...around,
    Data: {
      Methods: [
        {
          Name: 'set',
          Path: '/api/v1/devicemethod/default/boiler-1/set/{propertyName}/{data}',
          Parameters: [
            { PropertyName: 'setpoint', ValueType: 'int' },
            { PropertyName: 'temperature', ValueType: 'float' },
          ],
        },
      ],
    },
  })
  expect((await ask('/api/v1/meta/model/default/boiler-1')).json).toEqual({
    ...around,
    id: 'default/boiler',
    name: 'boiler',
    namespace: 'default',
    properties: [
      { name: 'temperature', dataType: 'FLOAT', accessMode: 'ReadOnly' },
      { name: 'setpoint', dataType: 'INT', accessMode: 'ReadWrite', minimum: '0', maximum: '100' },
      { name: 'label', dataType: 'STRING', accessMode: 'ReadWrite' },
    ],
  })
})

test('what is not there is said in a plain text that begins as in the Go framework', async () => {
  const { ask } = await serveMapper()
  for (const [path, status, text] of [
    ['/api/v1/device/default/nobody/x', 404, /^Get device data error: .*device/],
    ['/api/v1/device/default/boiler-1/x', 404, /^Get device data error: .*property/],
    ['/api/v1/devicemethod/default/nobody', 404, /^Get device method error: /],
    ['/api/v1/meta/model/default/nobody', 404, /^Get device error: /],
    ['/api/v1/database/default/boiler-1', 501, /^The database is not enabled/],
    ['/api/v1/nothing', 404, /^404 page not found$/],
  ] as const) {
    const answer = await ask(path)
    expect([answer.status, answer.text], path).toEqual([status, expect.stringMatching(text)])
    expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8')
  }
})

test('a value is never answered as good when its reading failed or its device is away', async () => {
  const { ask, field, driver } = await serveMapper()
  const path = '/api/v1/device/default/boiler-1/temperature'
  const status = async () => (await ask(path)).status
  field.set('temperature', new MapperError('bad_data', 'the checksum is wrong'))
  await eventually(async () => expect(await status()).toBe(503))
  expect((await ask(path)).text).toMatch(/^Get device data error: .*bad_data.*checksum/)
  expect((await ask('/api/v1/device/default/boiler-1/setpoint')).status).toBe(200)
  field.set('temperature', 5)
  await eventually(async () => expect(await status()).toBe(200))

  driver.cut('h')
  await eventually(async () => expect(await status()).toBe(503))
  expect((await ask(path)).text).toMatch(/unreachable/)
  driver.restore('h')
  await eventually(async () => expect(await status()).toBe(200))
  expect((await ask(path)).json).toMatchObject({ Data: { Value: '5' } })
})

test('while the mapper starts, and while EdgeCore is away, it says so', async () => {
  const starting = await serve()
  expect((await starting.ask('/healthz')).text).toBe('ok')
  const early = await starting.ask('/readyz')
  expect([early.status, early.json]).toEqual([
    503,
    { ready: false, reasons: ['The mapper is starting.'] },
  ])
  expect((await starting.ask('/api/v1/devices')).status).toBe(503)
  expect((await starting.ask('/metrics')).text).toContain('mapper_build_info')

  const { ask, edge } = await serveMapper()
  const reasons = async () => (await ask('/readyz')).json['reasons'] as readonly string[]
  await eventually(async () => expect(await reasons()).toEqual([]))
  expect((await ask('/readyz')).json).toEqual({ ready: true, reasons: [] })
  edge.setUp(false)
  await eventually(async () => expect(await reasons()).toHaveLength(1))
  expect((await reasons())[0]).toMatch(/^The link to EdgeCore is down/)
  expect((await ask('/readyz')).status).toBe(503)
  expect((await ask('/healthz')).status).toBe(200)
  edge.setUp(true)
  await eventually(async () => expect(await reasons()).toEqual([]))
})

test('devices are listed with their states and what is wrong with them, page by page', async () => {
  const { ask, edge } = await serveMapper()
  const { events } = edge
  for (let index = 0; index < 4; index++) {
    events?.device({
      ...{ namespace: 'default', name: `orphan-${index}`, model: 'nope', protocolName: 'fake' },
      ...{ protocol: { host: 'h' }, properties: [], methods: [] },
      stateReport: { toCloud: false, cycleMs: 0 },
    })
  }
  type Listed = { total: number; devices: { name: string; state: string; issues: object[] }[] }
  const list = async (query = '') => (await ask(`/api/v1/devices${query}`)).json['Data'] as Listed
  await eventually(async () => {
    const { total, devices } = await list()
    expect([total, devices.length, devices[0]?.state]).toEqual([5, 5, 'ok'])
  })
  expect((await list()).devices[0]).toEqual({
    namespace: 'default',
    name: 'boiler-1',
    state: 'ok',
    properties: ['temperature', 'setpoint', 'label'],
    issues: [
      {
        severity: 'warning',
        path: 'spec.protocol.configData.password',
        message: expect.stringMatching(/not known/) as string,
      },
    ],
  })
  const page = await list('?offset=3&limit=2')
  expect([page.total, page.devices.map(({ name }) => name)]).toEqual([5, ['orphan-2', 'orphan-3']])
  expect((await list('?offset=9')).devices).toEqual([])
})

test('it is explained why the cloud shows what it shows', async () => {
  const { ask, field } = await serveMapper()
  const path = '/api/v1/device/default/boiler-1/temperature/explain'
  field.set('temperature', new MapperError('rejected', 'illegal data address'))
  await eventually(async () => {
    const { json } = await ask(path)
    expect(json['Data']).toMatchObject({
      device: 'default/boiler-1',
      why: expect.stringMatching(/newest reading failed.*illegal data address/) as string,
      reading: { text: '21.5' },
    })
  })
  expect((await ask('/api/v1/device/default/nobody/x/explain')).status).toBe(404)
  const none = await ask('/api/v1/device/default/boiler-1/nothing/explain')
  expect(none.json['Data']).toMatchObject({ why: expect.stringMatching(/no property/) as string })
})
