import { create } from '@bufbuild/protobuf'
import fs from 'node:fs'
import { expect, test, vi } from 'vitest'
import { device, eventually, folder, setUp, signal } from './dmi-edge.suite.ts'
import { answering } from './edgecore.suite.ts'
import * as pb from './gen/dmi_pb.ts'

test('registers with data and its plain path; every model comes once', async () => {
  const { open, edgecore, socketPath } = await setUp()
  const requests: pb.MapperRegisterRequest[] = []
  const model = { name: 'boiler', namespace: 'default' }
  await edgecore({
    MapperRegister: answering((request) => {
      requests.push(request)
      return create(pb.MapperRegisterResponseSchema, {
        deviceList: [device('a'), device('b'), device('')],
        modelList: [model, model, { ...model, namespace: 'other' }],
      })
    }),
  })
  const link = await open()
  const registration = await link.register(signal)
  if (registration === 'throttled') throw new Error('throttled')
  expect(registration.devices.map(({ name }) => name)).toEqual(['a', 'b'])
  expect(registration.models.map(({ namespace }) => namespace)).toEqual(['default', 'other'])
  expect(requests[0]?.withData).toBe(true)
  expect(Buffer.from(requests[0]?.mapper?.address ?? []).toString()).toBe(socketPath)
})

test('reports twins and states', async () => {
  const { open, edgecore } = await setUp()
  const got: unknown[] = []
  await edgecore({
    ReportDeviceStatus: answering(({ deviceName, deviceNamespace, reportedDevice }) => {
      const twins = reportedDevice?.twins ?? []
      got.push([deviceNamespace, deviceName])
      for (const { propertyName, reported, observedDesired } of twins)
        got.push([propertyName, reported?.value, observedDesired?.value])
      return create(pb.ReportDeviceStatusResponseSchema)
    }),
    ReportDeviceStates: answering(({ deviceName, deviceNamespace, state }) => {
      got.push([deviceNamespace, deviceName, state])
      return create(pb.ReportDeviceStatesResponseSchema)
    }),
  })
  const link = await open()
  const twins = [
    { property: 'a', reported: '1', observedDesired: '', first: true },
    { property: 'b', reported: '2', observedDesired: '3', first: false },
  ]
  expect(await link.reportTwins({ device: 'ns/d', twins }, signal)).toBe('accepted')
  expect(await link.reportState('ns/d', 'ok', signal)).toBe('accepted')
  expect(got).toEqual([
    ['ns', 'd'],
    ['a', '1', ''],
    ['b', '2', '3'],
    ['a', '1', ''],
    ['ns', 'd', 'ok'],
  ])
  const bad = [{ property: 'a', reported: '1 2', observedDesired: '', first: false }]
  await expect(link.reportTwins({ device: 'ns/d', twins: bad }, signal)).rejects.toThrow(
    '[bad_data]',
  )
  await expect(link.reportTwins({ device: 'ns/d', twins: [] }, signal)).rejects.toThrow(
    '[internal]',
  )
})

test('a refusal for the rate limit is throttled, any other refusal is an error with its text', async () => {
  const { open, edgecore } = await setUp()
  let text = 'because of too many request: d'
  const refuse = () => {
    throw new Error(`fail to report device states ${text}`)
  }
  await edgecore({
    MapperRegister: answering(refuse),
    ReportDeviceStatus: answering(refuse),
    ReportDeviceStates: answering(refuse),
  })
  const link = await open()
  const twins = [{ property: 'a', reported: '1', observedDesired: '', first: false }]
  const calls = [
    () => link.register(signal),
    () => link.reportTwins({ device: 'a/b', twins }, signal),
    () => link.reportState('a/b', 'ok', signal),
  ]
  for (const call of calls) expect(await call()).toBe('throttled')
  text = 'because the protocol is nil'
  for (const call of calls) {
    await expect(call()).rejects.toThrow(/^\[rejected\].*the protocol is nil/)
  }
})

test('an EdgeCore that knows no states is unsupported', async () => {
  const { open, edgecore } = await setUp()
  await edgecore()
  const link = await open()
  await expect(link.reportState('a/b', 'ok', signal)).rejects.toThrow(
    /^\[unsupported\].*KubeEdge 1\.18/,
  )
})

test('without EdgeCore the error names the socket and what to do', async () => {
  const { open, edgecoreSocketPath, links } = await setUp()
  const link = await open()
  const missing = `EdgeCore's socket ${edgecoreSocketPath} does not exist (ENOENT)`
  await expect(link.register(signal)).rejects.toThrow(/^\[edge_unavailable\]/)
  await expect(link.register(signal)).rejects.toThrow(missing)
  await eventually(() => expect(links).toEqual([expect.stringContaining(missing)]))
  fs.writeFileSync(edgecoreSocketPath, '')
  await expect(link.register(signal)).rejects.toThrow('is a plain file')
})

test.runIf(process.getuid?.() === 0)('a socket that refuses us names uid and mode', async () => {
  const { open, edgecore, edgecoreSocketPath } = await setUp()
  await edgecore()
  fs.chmodSync(edgecoreSocketPath, 0o755)
  fs.chmodSync(folder, 0o777)
  process.seteuid?.(65534)
  try {
    const link = await open()
    await expect(link.register(signal)).rejects.toThrow(
      /EACCES.*this process is uid \d+, the socket has mode 0755 of uid 0; run as uid 0/,
    )
    await link.close()
  } finally {
    process.seteuid?.(0)
  }
})

test('a silent EdgeCore ends in edge_unavailable, an aborted call in canceled', async () => {
  const { open, edgecore } = await setUp({}, 150)
  const asked = vi.fn()
  await edgecore({ MapperRegister: asked })
  const link = await open()
  await expect(link.register(signal)).rejects.toThrow('[edge_unavailable]')
  const abort = new AbortController()
  const call = link.register(abort.signal)
  abort.abort()
  await expect(call).rejects.toThrow('[canceled]')
  await expect(link.register(abort.signal)).rejects.toThrow('[canceled]')
})

test('the link follows EdgeCore through restarts, with no call in between', async () => {
  const { open, edgecore, links, edgecoreSocketPath } = await setUp()
  await open()
  await eventually(() => expect(links).toHaveLength(1))
  for (let round = 1; round <= 3; round++) {
    const server = await edgecore()
    await eventually(() => expect(links.at(-1)).toBe(true))
    await server.stop()
    await eventually(() => expect(links.at(-1)).toContain(edgecoreSocketPath))
    expect(links.filter((entry) => entry === true)).toHaveLength(round)
  }
})
