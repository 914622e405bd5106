import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { until } from '../../../test/support/until.ts'
import { startBus } from './bus-client.suite.ts'
import { deviceCr, modelCr, startRawMapper, startSim, tempFolder } from './raw-mapper.suite.ts'

const boiler = 'plant/boiler'

test('a desired value comes as a delta until it is so, and no mapper is called', async (context) => {
  const { sim, say, hear, update, heard, socketPath, events } = await startBus(context, {
    legacy: true,
  })
  const mapper = await startRawMapper(socketPath)
  await expect(mapper.register()).rejects.toMatchObject({ code: 12 })
  sim.apply(modelCr())
  sim.apply(deviceCr())
  expect((await hear('node/edge-node/membership/updated')).body).toMatchObject({
    added_devices: [{ id: 'boiler', name: 'boiler' }],
    removed_devices: [],
  })
  await hear('device/boiler/twin/update/document')
  sim.setDesired(boiler, 'a', '61')
  const { body, qos, retain } = await hear('device/boiler/twin/update/delta')
  expect({ qos, retain }).toEqual({ qos: 1, retain: false })
  expect(body).toMatchObject({
    event_id: expect.any(String) as string,
    timestamp: expect.any(Number) as number,
    twin: { a: { expected: { value: '61' }, metadata: { type: 'int' } } },
    delta: { a: '61' },
  })
  heard.length = 0
  expect(await update('boiler', { a: { actual: { value: 'x' } } })).toHaveProperty('twin.a')
  expect(await update('boiler', { a: { actual: { value: 'x' } } })).toMatchObject({ code: 400 })
  expect((await hear('device/boiler/twin/update/delta')).body).toMatchObject({
    twin: { a: { expected: { value: '61' }, actual: { value: 'x' } } },
  })
  heard.length = 0
  await update('boiler', { a: { actual: { value: '61' } } })
  // No first report is lost.
  const reported = () => sim.twin(boiler, 'a')?.reported
  await until('the value', reported, (value) => value === '61')
  await say('device/boiler/twin/get', { event_id: '', timestamp: 0 })
  expect((await hear('device/boiler/twin/get/result')).body).toMatchObject({
    twin: { a: { expected: { value: '61' }, actual: { value: '61' }, optional: false }, b: {} },
  })
  expect(heard.filter(({ topic }) => topic.endsWith('/delta'))).toEqual([])
  await say('node/edge-node/membership/get', { event_id: 'm', timestamp: 0 })
  expect((await hear('node/edge-node/membership/get/result')).body).toMatchObject({
    devices: [{ id: 'boiler', name: 'boiler' }],
  })
  sim.remove('Device', boiler)
  expect((await hear('node/edge-node/membership/updated')).body).toMatchObject({
    removed_devices: [{ id: 'boiler' }],
  })
  expect(mapper.received).toEqual([])
  expect(events.filter(({ type }) => type === 'downstream')).toEqual([])
})

test('what is desired while EdgeCore or the cloud is away arrives when it is back', async (context) => {
  const { sim, hear } = await startBus(context, { legacy: true })
  sim.apply(modelCr())
  sim.apply(deviceCr())
  await hear('device/boiler/twin/update/document')
  sim.cloudLink(false)
  sim.setDesired(boiler, 'a', '1')
  await sim.idle()
  sim.cloudLink(true)
  const delta = async () => (await hear('device/boiler/twin/update/delta')).body['delta']
  expect(await delta()).toEqual({ a: '1' })
  await sim.stopEdgeCore()
  sim.setDesired(boiler, 'a', '2')
  await sim.idle()
  await sim.startEdgeCore()
  expect(await delta()).toEqual({ a: '2' })
})

test('devices of a folder have their twins from the start', async (context) => {
  const folder = await tempFolder()
  const profileFile = path.join(await tempFolder(), 'deviceProfile.json')
  await writeFile(path.join(folder, 'm.yaml'), JSON.stringify(modelCr()))
  await writeFile(path.join(folder, 'd.yaml'), JSON.stringify(deviceCr('boiler', { desired: '4' })))
  const { sim, say, hear } = await startBus(context, { legacy: true, folder, profileFile })
  await say('device/boiler/twin/get', { event_id: '', timestamp: 0 })
  expect((await hear('device/boiler/twin/get/result')).body).toMatchObject({
    twin: { a: { expected: { value: '4' }, metadata: { type: 'int' } } },
  })
  await sim.idle()
  expect(await readFile(profileFile, 'utf8')).toBe(sim.deviceProfile())
})

test('deviceProfile.json has the devices as mappers of that time read them, and follows', async () => {
  const profileFile = path.join(await tempFolder(), 'deviceProfile.json')
  const { sim } = await startSim({ legacy: true, profileFile })
  const read = async () => JSON.parse(await readFile(profileFile, 'utf8')) as unknown
  await sim.idle()
  expect(await read()).toEqual({ deviceInstances: [], deviceModels: [], protocols: [] })
  const device = deviceCr('boiler', {
    desired: '4',
    configData: { port: '5020', slaveID: 3, timeout: 500 },
  })
  const [a] = device.spec['properties'] as object[]
  const visitors = { configData: { register: 'HoldingRegister', offset: 2, limit: 1 } }
  sim.apply(modelCr())
  sim.apply({
    ...device,
    spec: { ...device.spec, properties: [{ ...a, visitors, collectCycle: 500 }] },
  })
  sim.apply(modelCr('c', 'custom'))
  sim.apply(deviceCr('oven', { model: 'c', protocolName: 'custom' }))
  await sim.idle()
  expect(await read()).toMatchObject({
    deviceInstances: [
      {
        ...{ id: 'boiler', name: 'boiler', protocol: 'modbus-boiler', model: 'm' },
        twins: [{ propertyName: 'a', desired: { value: '4', metadata: { type: 'int' } } }],
        propertyVisitors: [
          {
            ...{ name: 'a', propertyName: 'a', modelName: 'm', protocol: 'modbus' },
            ...{ collectCycle: 500_000_000, reportCycle: 0, visitorConfig: visitors.configData },
          },
        ],
      },
      { id: 'oven' },
    ],
    deviceModels: [
      { name: 'm', properties: [{ name: 'a', dataType: 'int', accessMode: 'ReadWrite' }] },
      { name: 'c' },
    ],
    protocols: [
      {
        ...{ name: 'modbus-boiler', protocol: 'modbus', protocolConfig: { slaveID: 3 } },
        protocolCommonConfig: {
          tcp: { ip: '127.0.0.1', port: 5020 },
          customizedValues: { timeout: 500 },
        },
      },
      {
        ...{ name: 'custom-oven', protocol: 'custom' },
        protocolConfig: { protocolName: 'custom', configData: { ip: '127.0.0.1' } },
      },
    ],
  })
  sim.setDesired(boiler, 'a', '5')
  sim.remove('Device', 'plant/oven')
  await sim.idle()
  expect(await read()).toMatchObject({
    deviceInstances: [{ twins: [{ desired: { value: '5' } }] }],
    deviceModels: [{ name: 'm' }],
  })
})
