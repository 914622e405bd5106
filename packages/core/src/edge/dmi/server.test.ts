import { create } from '@bufbuild/protobuf'
import { status } from '@grpc/grpc-js'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toAny } from './any.ts'
import { device, message, setUp } from './dmi-edge.suite.ts'
import * as pb from './gen/dmi_pb.ts'
import { deviceMapperService as mapperService } from './methods.ts'

test('every call reaches the events and is answered with names', async () => {
  const { open, caller, seen } = await setUp()
  await open()
  const edgecore = caller()
  const { call } = edgecore
  expect(await call(mapperService.CreateDeviceModel, message.model('m'))).toMatchObject({
    deviceModelName: 'm',
    deviceModelNamespace: 'default',
  })
  expect(await call(mapperService.RegisterDevice, message.register('d'))).toMatchObject({
    deviceName: 'd',
    deviceNamespace: 'default',
  })
  await call(mapperService.UpdateDeviceModel, message.updateModel('m'))
  await call(mapperService.UpdateDevice, message.update('d'))
  await call(mapperService.RemoveDeviceModel, message.removeModel('m'))
  await call(mapperService.RemoveDevice, message.remove('d', ''))
  expect(seen).toEqual([
    ['model', 'm'],
    ['device', 'd'],
    ['model', 'm'],
    ['device', 'd'],
    ['modelRemoved', 'default/m'],
    ['deviceRemoved', 'default/d'],
  ])
})

test('calls reach the events in their order, in any order', async () => {
  const { open, caller, seen } = await setUp()
  await open()
  const { call } = caller()
  const steps = [
    [() => call(mapperService.CreateDeviceModel, message.model('m')), ['model', 'm']],
    [() => call(mapperService.RegisterDevice, message.register('a')), ['device', 'a']],
    [() => call(mapperService.UpdateDevice, message.update('b')), ['device', 'b']],
    [() => call(mapperService.RemoveDevice, message.remove('a')), ['deviceRemoved', 'default/a']],
    [
      () => call(mapperService.RemoveDeviceModel, message.removeModel('m')),
      ['modelRemoved', 'default/m'],
    ],
  ] as const
  await fc.assert(
    fc.asyncProperty(
      fc.shuffledSubarray([...steps], { minLength: steps.length }),
      async (order) => {
        seen.length = 0
        await Promise.all(order.map(([send]) => send()))
        expect(seen).toEqual(order.map(([, event]) => event))
      },
    ),
    { numRuns: 1000 },
  )
}, 60_000)

test('what fails inside is logged and still OK', async () => {
  const boom = () => {
    throw new Error('boom')
  }
  const { open, caller, lines } = await setUp({
    device: boom,
    deviceRemoved: boom,
    model: boom,
    modelRemoved: boom,
    describe: boom,
  })
  await open()
  const { call } = caller()
  await call(mapperService.RegisterDevice, message.register('d'))
  await call(mapperService.UpdateDevice, message.update('d'))
  await call(mapperService.RemoveDevice, message.remove('d'))
  await call(mapperService.CreateDeviceModel, message.model('m'))
  await call(mapperService.UpdateDeviceModel, message.updateModel('m'))
  await call(mapperService.RemoveDeviceModel, message.removeModel('m'))
  expect(lines).toHaveLength(6)
  const ask = create(pb.GetDeviceRequestSchema, { deviceName: 'd' })
  await expect(call(mapperService.GetDevice, ask)).rejects.toMatchObject({
    code: status.INTERNAL,
  })
})

test('malformed requests are refused', async () => {
  const { open, caller, seen } = await setUp()
  await open()
  const { call } = caller()
  for (const refused of [
    call(mapperService.RegisterDevice, create(pb.RegisterDeviceRequestSchema)),
    call(mapperService.UpdateDevice, message.update('')),
    call(mapperService.UpdateDevice, message.update('a/b')),
    call(mapperService.RemoveDevice, message.remove('')),
    call(mapperService.RemoveDevice, message.remove('a', 'b/c')),
    call(mapperService.CreateDeviceModel, create(pb.CreateDeviceModelRequestSchema)),
    call(mapperService.UpdateDeviceModel, message.updateModel('')),
    call(mapperService.RemoveDeviceModel, message.removeModel('')),
    call(mapperService.GetDevice, create(pb.GetDeviceRequestSchema)),
  ]) {
    await expect(refused).rejects.toMatchObject({ code: status.INVALID_ARGUMENT })
  }
  expect(seen).toEqual([])
})

test('GetDevice tells what the mapper knows', async () => {
  const twins = [{ property: 'p', reported: '1', observedDesired: '' }]
  const { open, caller } = await setUp({
    describe: (id) =>
      id !== 'default/d'
        ? undefined
        : {
            device: {
              ...{ namespace: 'default', name: 'd', model: 'm', protocolName: 'modbus' },
              ...{ protocol: { port: 502 }, properties: [], methods: [] },
              stateReport: { toCloud: false, cycleMs: 0 },
            },
            twins,
          },
  })
  await open()
  const { call } = caller()
  const ask = (deviceName: string) => create(pb.GetDeviceRequestSchema, { deviceName })
  const { device } = await call(mapperService.GetDevice, ask('d'))
  expect(device?.status?.twins[0]?.reported?.value).toBe('1')
  expect(device?.spec?.protocol?.configData?.data['port']).toMatchObject({
    typeUrl: toAny(502).typeUrl,
  })
  await expect(call(mapperService.GetDevice, ask('x'))).rejects.toMatchObject({
    code: status.NOT_FOUND,
  })
})

test('a namespace that EdgeCore cannot route, and a broken configuration, are told once', async () => {
  const { open, caller, lines, seen } = await setUp()
  await open()
  const { call } = caller()
  const broken = { typeUrl: 'x/Y' }
  const spec = { protocol: { configData: { data: { a: broken } } } }
  for (const name of ['a', 'b', 'a', 'b']) {
    const request = create(pb.UpdateDeviceRequestSchema, {
      device: device(name, { namespace: 'dev', spec: name === 'a' ? spec : {} }),
    })
    await call(mapperService.UpdateDevice, request)
  }
  expect(seen).toHaveLength(4)
  expect(lines).toEqual([
    expect.stringContaining('parts of its configuration'),
    expect.stringContaining("namespace 'dev'"),
  ])
})

test('the raw path as authority, as of KubeEdge 1.15 to 1.17', async () => {
  const { open, caller, socketPath, seen } = await setUp()
  await open()
  const { call } = caller({ 'grpc.default_authority': socketPath })
  await call(mapperService.RegisterDevice, message.register('old'))
  expect(seen).toEqual([['device', 'old']])
})
