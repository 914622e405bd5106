import { create } from '@bufbuild/protobuf'
import { MapperError } from '@mapper-sdk/core'
import * as dmi from '@mapper-sdk/core/dmi'
import { createManualClock } from '@mapper-sdk/core/testing'
import { stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test, vi } from 'vitest'
import { startEdgeSim } from './edge-sim.ts'
import {
  callManager,
  deviceCr,
  modelCr,
  reportState,
  reportTwins,
  startRawMapper,
  startSim,
  tempFolder,
  twinOf,
} from './raw-mapper.suite.ts'

const boiler = 'plant/boiler'

test('100 calls of any kind at once, then the same refusals as EdgeCore gives', async () => {
  const clock = createManualClock()
  const { sim, socketPath } = await startSim({ clock })
  sim.apply(modelCr())
  sim.apply(deviceCr())
  await sim.idle()
  const mapper = await startRawMapper(socketPath)
  await mapper.register()
  await reportState(socketPath, boiler, 'ok')
  for (let call = 0; call < 98; call++) await reportTwins(socketPath, boiler, [twinOf('a', '1')])
  const refusal = (kind: string, name: string) => ({
    code: 2,
    details: `fail to ${kind} because of too many request: ${name}`,
  })
  await expect(reportTwins(socketPath, boiler, [twinOf('a', '1')])).rejects.toMatchObject(
    refusal('report device status', 'boiler'),
  )
  await expect(reportState(socketPath, boiler, 'ok')).rejects.toMatchObject(
    refusal('report device states', 'boiler'),
  )
  await expect(mapper.register()).rejects.toMatchObject(refusal('register mapper', 'raw'))
  await clock.advance(1000)
  await mapper.register()
  await expect(mapper.register()).rejects.toMatchObject(refusal('register mapper', 'raw'))
  expect(sim.stats()).toMatchObject({ refused: 4, calls: { MapperRegister: 4 } })
  await sim.restart()
  await mapper.register()
})

test.each([
  ['observedDesired', { propertyName: 'a', reported: { value: '1' } }],
  ['reported', { propertyName: 'a', observedDesired: { value: '1' } }],
])('a twin without %s kills EdgeCore', async (half, twin) => {
  const { sim, socketPath, events } = await startSim()
  sim.apply(modelCr())
  sim.apply(deviceCr())
  const mapper = await startRawMapper(socketPath)
  await mapper.register()
  await expect(reportTwins(socketPath, boiler, [twin])).rejects.toMatchObject({ code: 14 })
  expect(sim.stats().crashes[0]?.report).toContain(`twin a of plant/boiler has no ${half}`)
  expect(events.some(({ type }) => type === 'crash')).toBe(true)
  // Its socket file is left behind, and nobody answers there.
  await expect(mapper.register()).rejects.toMatchObject({ code: 14 })
  expect((await stat(socketPath)).isSocket()).toBe(true)
  await sim.startEdgeCore()
  await mapper.register()
})

test('so does a register without mapper', async () => {
  const { sim, socketPath } = await startSim()
  const request = create(dmi.MapperRegisterRequestSchema, { withData: true })
  await expect(callManager(socketPath, 'MapperRegister', request)).rejects.toMatchObject({
    code: 14,
  })
  expect(sim.stats().crashes).toHaveLength(1)
})

test('what is invalid is refused', async () => {
  const { socketPath } = await startSim()
  const refused = (details: string) => ({ code: 2, details })
  await expect(reportTwins(socketPath, boiler, [])).rejects.toMatchObject(
    refused('ReportDeviceStatusRequest does not have twin data'),
  )
  await expect(reportState(socketPath, boiler, '')).rejects.toMatchObject(
    refused('ReportDeviceStatesRequest is invalid data'),
  )
  const nobody = await startRawMapper(socketPath, { protocol: '' })
  await expect(nobody.register()).rejects.toMatchObject(
    refused('fail to register mapper raw because the protocol is nil'),
  )
})

test('what is dropped is answered with OK', async () => {
  const { sim, socketPath } = await startSim()
  sim.apply(modelCr())
  for (const cr of [deviceCr(), deviceCr('boiler', { namespace: 'dev' })]) sim.apply(cr)
  sim.apply({ ...modelCr(), metadata: { name: 'm', namespace: 'dev' } })
  await sim.idle()
  await reportTwins(socketPath, boiler, [
    twinOf('a', '1e+21'),
    twinOf('a b', '1'),
    twinOf('a', '1', 'Kessel Nr. 1'),
    twinOf('nothing', '1'),
    twinOf('b', 'good'),
    twinOf('b', 'good'),
  ])
  await reportTwins(socketPath, 'plant/nobody', [twinOf('a', '1')])
  await reportTwins(socketPath, 'dev/boiler', [twinOf('a', '1')])
  await reportState(socketPath, boiler, 'disconnected')
  await vi.waitFor(() => expect(sim.twin(boiler, 'b')?.reported).toBe('good'), 15_000)
  expect(sim.twin(boiler, 'a')?.reported).toBeUndefined()
  expect(sim.stats().droppedTwins).toEqual({
    'illegal-value': 1,
    'illegal-name': 1,
    'illegal-observed-desired': 1,
    'unknown-property': 1,
    'unknown-device': 1,
    'first-report': 1,
    unroutable: 1,
    'unknown-state': 1,
  })
})

test('an empty namespace is the default one', async () => {
  const { sim, socketPath } = await startSim()
  sim.apply({ ...modelCr(), metadata: { name: 'm' } })
  sim.apply({ ...deviceCr(), metadata: { name: 'boiler' } })
  await sim.idle()
  await reportTwins(socketPath, '/boiler', [twinOf('a', '1'), twinOf('a', '1')])
  await vi.waitFor(() => expect(sim.twin('default/boiler', 'a')?.reported).toBe('1'), 15_000)
})

test('30 twins a second go up, and none while the cloud is away', async () => {
  const clock = createManualClock()
  const { sim, socketPath } = await startSim({ clock, upstream: { perSecond: 30, burst: 60 } })
  sim.apply(modelCr())
  sim.apply(deviceCr())
  await sim.idle()
  const twins = Array.from({ length: 100 }, (_, index) => twinOf('a', String(index)))
  await reportTwins(socketPath, boiler, twins)
  await clock.advance(0)
  expect(sim.twin(boiler, 'a')?.reported).toBe('59')
  await clock.advance(1000)
  expect(sim.twin(boiler, 'a')?.reported).toBe('89')
  sim.cloudLink(false)
  await clock.advance(1000)
  await reportTwins(socketPath, boiler, [twinOf('a', 'late')])
  sim.cloudLink(true)
  await clock.advance(60_000)
  expect(sim.twin(boiler, 'a')?.reported).toBe('89')
  expect(sim.stats().droppedTwins['cloud-offline']).toBe(11)
})

test('model before device, both on update, model first on delete; then nothing', async () => {
  const { sim, socketPath } = await startSim()
  const mapper = await startRawMapper(socketPath)
  await mapper.register()
  sim.apply(modelCr())
  sim.apply(deviceCr())
  sim.apply(deviceCr('boiler-2'))
  await sim.idle()
  sim.apply(modelCr())
  sim.setDesired(boiler, 'a', '5')
  sim.apply(deviceCr('boiler', { desired: '5' }))
  await sim.idle()
  expect(mapper.devices.get(boiler)?.spec?.properties[0]?.desired?.value).toBe('5')
  sim.remove('Device', boiler)
  sim.remove('Device', 'plant/boiler-2')
  sim.remove('Device', 'plant/never-there')
  await sim.idle()
  expect(mapper.received).toEqual([
    'CreateDeviceModel plant/m',
    'RegisterDevice plant/boiler',
    'RegisterDevice plant/boiler-2',
    'UpdateDeviceModel plant/m',
    'UpdateDevice plant/boiler',
    'RemoveDevice plant/boiler',
    'RemoveDeviceModel plant/m',
    'RemoveDevice plant/boiler-2',
  ])
})

test('the register reply has one model per device, in random order, without what cannot be packed', async () => {
  const dice = [0.9, 0.1, 0.5, 0.2]
  const { sim, socketPath } = await startSim({ random: () => dice.shift() ?? 0 })
  sim.apply(modelCr())
  for (const name of ['one', 'two', 'three']) sim.apply(deviceCr(name))
  sim.apply(deviceCr('nested', { configData: { list: [1] } }))
  sim.apply(deviceCr('other', { protocolName: 'opcua' }))
  await sim.idle()
  const mapper = await startRawMapper(socketPath)
  const { deviceList, modelList } = await mapper.register()
  expect(deviceList.map(({ name }) => name).sort()).toEqual(['one', 'three', 'two'])
  expect(deviceList.map(({ name }) => name)).not.toEqual(['one', 'two', 'three'])
  expect(modelList.map(({ name }) => name)).toEqual(['m', 'm', 'm'])
  expect(sim.stats().undelivered).toBeGreaterThan(0)
})

test('a device with nested settings never reaches its mapper; the next change does', async () => {
  const { sim, socketPath } = await startSim()
  const mapper = await startRawMapper(socketPath)
  await mapper.register()
  sim.apply(modelCr())
  sim.apply(deviceCr('boiler', { configData: { data: 1 } }))
  await sim.idle()
  expect(mapper.received).toEqual(['CreateDeviceModel plant/m'])
  sim.apply(deviceCr())
  await sim.idle()
  expect(mapper.received.slice(1)).toEqual([
    'UpdateDeviceModel plant/m',
    'UpdateDevice plant/boiler',
  ])
})

test('without data there is no client: the mapper hears nothing', async () => {
  const { sim, socketPath } = await startSim()
  const mapper = await startRawMapper(socketPath)
  expect((await mapper.register(false)).deviceList).toEqual([])
  sim.apply(modelCr())
  sim.apply(deviceCr())
  await sim.idle()
  expect(mapper.received).toEqual([])
  expect(sim.stats()).toMatchObject({
    downstream: { failures: 2 },
    mappers: [{ reachable: false }],
  })
})

test('the last mapper of a protocol takes over', async () => {
  const { sim, socketPath } = await startSim()
  const first = await startRawMapper(socketPath, { name: 'first' })
  const second = await startRawMapper(socketPath, { name: 'second' })
  await first.register()
  await second.register()
  sim.apply(modelCr())
  sim.apply(deviceCr())
  await sim.idle()
  expect([first.received.length, second.received.length]).toEqual([0, 2])
})

test('one call at a time over all protocols: a slow mapper holds up the others', async () => {
  const { sim, socketPath } = await startSim()
  const slow = await startRawMapper(socketPath, { name: 'slow', protocol: 'slow' })
  const fast = await startRawMapper(socketPath, { name: 'fast' })
  await slow.register()
  await fast.register()
  slow.behave('silent')
  sim.apply(modelCr('m-slow', 'slow'))
  sim.apply(modelCr())
  sim.apply(deviceCr('s', { model: 'm-slow', protocolName: 'slow' }))
  sim.apply(deviceCr())
  await vi.waitFor(() => expect(slow.received).toHaveLength(1), 15_000)
  expect(fast.received).toEqual([])
  slow.close()
  await sim.idle()
  expect(fast.received).toEqual(['CreateDeviceModel plant/m', 'RegisterDevice plant/boiler'])
  expect(sim.stats().downstream.failures).toBe(2)
})

test('a failed Remove leaves ghosts until EdgeCore restarts', async () => {
  const { sim, socketPath } = await startSim()
  const mapper = await startRawMapper(socketPath)
  await mapper.register()
  sim.apply(modelCr())
  sim.apply(deviceCr())
  await sim.idle()
  mapper.behave('error')
  sim.remove('Device', boiler)
  await sim.idle()
  expect(sim.cloud()).toEqual([])
  expect((await mapper.register()).deviceList).toHaveLength(1)
  await sim.restart()
  expect((await mapper.register()).deviceList).toHaveLength(0)
})

test.each([
  ['1.20', 2],
  ['1.21', 0],
] as const)('in %s a report of one twin comes back as %d calls', async (version, calls) => {
  const { sim, socketPath } = await startSim({ version })
  const mapper = await startRawMapper(socketPath)
  await mapper.register()
  sim.apply(modelCr())
  sim.apply(deviceCr())
  await sim.idle()
  const before = mapper.received.length
  await reportTwins(socketPath, boiler, [twinOf('a', '1')])
  await vi.waitFor(() => expect(sim.twin(boiler, 'a')?.reported).toBe(''), 15_000)
  await sim.idle()
  expect(mapper.received.slice(before)).toEqual(
    ['UpdateDeviceModel plant/m', 'UpdateDevice plant/boiler'].slice(0, calls),
  )
})

test.each([
  ['1.22', 'forgotten', 2],
  ['1.23', 'kept', 0],
] as const)('in %s mappers are %s over a restart', async (version, _word, failures) => {
  const { sim, socketPath } = await startSim({ version })
  const mapper = await startRawMapper(socketPath)
  await mapper.register()
  sim.apply(modelCr())
  sim.apply(deviceCr())
  await sim.idle()
  const { ino } = await stat(socketPath)
  await sim.restart(10)
  expect((await stat(socketPath)).ino).not.toBe(ino)
  sim.setDesired(boiler, 'a', '7')
  await sim.idle()
  expect(sim.stats().downstream.failures).toBe(failures)
  const { deviceList } = await mapper.register()
  expect(deviceList[0]?.spec?.properties[0]?.desired?.value).toBe('7')
})

test('since 1.23 a row of a mapper is written once: a moved socket is lost at a restart', async () => {
  const { sim, socketPath } = await startSim()
  const old = await startRawMapper(socketPath)
  await old.register()
  const moved = await startRawMapper(socketPath)
  await moved.register()
  await sim.restart()
  sim.apply(modelCr())
  sim.apply(deviceCr())
  await sim.idle()
  expect([old.received.length, moved.received.length]).toEqual([2, 0])
})

test('an update with a spec that EdgeCore already has goes no further in 1.23', async () => {
  for (const [version, updates] of [
    ['1.20', 1],
    ['1.23', 0],
  ] as const) {
    const { sim, socketPath } = await startSim({ version })
    const mapper = await startRawMapper(socketPath)
    await mapper.register()
    sim.apply(modelCr())
    sim.apply(deviceCr())
    await sim.idle()
    const cr = deviceCr()
    sim.apply({ ...cr, metadata: { ...cr.metadata, labels: { site: 'north' } } })
    await sim.idle()
    const seen = mapper.received.filter((call) => call.startsWith('UpdateDevice '))
    expect(seen).toHaveLength(updates)
  }
})

test('before 1.18 states are not served, and a Node server cannot read EdgeCore’s authority', async () => {
  const { sim, socketPath } = await startSim({ version: '1.17' })
  await expect(reportState(socketPath, boiler, 'ok')).rejects.toMatchObject({ code: 12 })
  const mapper = await startRawMapper(socketPath)
  await mapper.register()
  sim.apply(modelCr())
  sim.apply(deviceCr())
  await sim.idle()
  expect(mapper.received).toEqual([])
  expect(sim.stats().downstream.failures).toBe(2)
})

test('what changes while the node is offline never reaches the mapper in that session', async () => {
  const { sim, socketPath } = await startSim()
  const mapper = await startRawMapper(socketPath)
  await mapper.register()
  sim.apply(modelCr())
  sim.apply(deviceCr())
  await sim.idle()
  sim.cloudLink(false)
  sim.setDesired(boiler, 'a', '9')
  await sim.idle()
  sim.cloudLink(true)
  await sim.idle()
  expect(mapper.received).toHaveLength(2)
  const desired = async () =>
    (await mapper.register()).deviceList[0]?.spec?.properties[0]?.desired?.value
  expect(await desired()).toBe('')
  await sim.restart()
  expect(await desired()).toBe('9')
})

test('what changes while EdgeCore is down arrives when it is back', async () => {
  const { sim, socketPath } = await startSim()
  const mapper = await startRawMapper(socketPath)
  await mapper.register()
  await sim.stopEdgeCore()
  await expect(mapper.register()).rejects.toMatchObject({ code: 14 })
  sim.apply(modelCr())
  sim.apply(deviceCr())
  await sim.idle()
  await sim.startEdgeCore()
  await sim.idle()
  expect(mapper.received).toEqual(['CreateDeviceModel plant/m', 'RegisterDevice plant/boiler'])
})

test('CloudCore waits ten seconds for a model, and everything behind it waits too', async () => {
  const clock = createManualClock()
  const { sim, socketPath, events } = await startSim({ clock })
  const mapper = await startRawMapper(socketPath)
  await mapper.register()
  sim.apply(deviceCr('lonely', { model: 'nope' }))
  sim.apply(modelCr())
  sim.apply(deviceCr())
  await clock.advance(9999)
  expect(mapper.received).toEqual([])
  await clock.advance(1)
  await sim.idle()
  expect(mapper.received).toEqual(['CreateDeviceModel plant/m', 'RegisterDevice plant/boiler'])
  expect(events).toContainEqual({
    ...{ type: 'undelivered', id: 'plant/lonely' },
    message: 'device model nope not found in cache',
  })
})

test('a folder is applied, and followed', async () => {
  const folder = await tempFolder()
  const put = (name: string, text: string) => writeFile(path.join(folder, name), text)
  await put('m.yaml', JSON.stringify(modelCr()))
  await put('d.yaml', JSON.stringify(deviceCr()))
  const { sim, socketPath } = await startSim({ folder })
  expect(sim.cloud().map(({ id }) => id)).toEqual([boiler])
  const mapper = await startRawMapper(socketPath)
  expect((await mapper.register()).deviceList).toHaveLength(1)

  await put('d.yaml', JSON.stringify(deviceCr('boiler', { desired: '3' })))
  await vi.waitFor(() => expect(sim.twin(boiler, 'a')?.desired).toBe('3'), 15_000)
  await put('e.yaml', JSON.stringify(deviceCr('second')))
  await vi.waitFor(() => expect(mapper.received.at(-1)).toBe('RegisterDevice plant/second'), 15_000)

  await put('d.yaml', 'kind: Device\nspec: [1')
  await vi.waitFor(() => expect(sim.issues()[0]).toMatchObject({ line: 2 }), 15_000)
  expect(sim.cloud()).toHaveLength(2)

  await put('d.yaml', '')
  await vi.waitFor(() => expect(mapper.received.at(-1)).toBe('RemoveDevice plant/boiler'), 15_000)
  expect(sim.cloud().map(({ id }) => id)).toEqual(['plant/second'])
  expect(sim.issues()).toEqual([])
})

test('bad input is refused with what is wrong', async () => {
  const { sim, socketPath } = await startSim()
  sim.apply(modelCr())
  sim.apply(deviceCr())
  expect(() => sim.setDesired('plant/nobody', 'a', '1')).toThrow(MapperError)
  expect(() => sim.setDesired(boiler, 'c', '1')).toThrow(/has no property c; it has a, b/)
  expect(() => sim.apply({ ...deviceCr(), spec: {} })).toThrow(/spec: has no deviceModelRef/)
  await expect(startEdgeSim({ socketPath })).rejects.toThrow(/another EdgeCore/)
  const file = path.join(await tempFolder(), 'file')
  await writeFile(file, 'mine')
  await expect(startEdgeSim({ socketPath: file })).rejects.toThrow(/no socket/)
})

test('after close nothing is left', async () => {
  const { sim, socketPath } = await startSim()
  await sim.close()
  await expect(stat(socketPath)).rejects.toMatchObject({ code: 'ENOENT' })
  await sim.close()
})
