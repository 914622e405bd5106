import { create, type MessageInitShape } from '@bufbuild/protobuf'
import { status } from '@grpc/grpc-js'
import fc from 'fast-check'
import fs from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import type { EdgeEvents } from '../edge.ts'
import { toAny } from './any.ts'
import { createDmiEdge } from './dmi-edge.ts'
import { answering, connectTo, recordEvents, recordLog, startEdgeCore } from './edgecore.suite.ts'
import * as pb from './gen/dmi_pb.ts'
import { deviceMapperService as mapperService } from './methods.ts'

const folder = fs.mkdtempSync(path.join(tmpdir(), 'dmi-'))
fs.chmodSync(folder, 0o755)
let counter = 0
const cleanUps: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})
afterAll(() => fs.rmSync(folder, { recursive: true }))

const signal = new AbortController().signal
const eventually = (check: () => unknown) => vi.waitFor(check, { timeout: 15_000, interval: 10 })

async function setUp(overrides: Partial<EdgeEvents> = {}, callTimeoutMs?: number) {
  const number = counter++
  const socketPath = path.join(folder, `m${number}.sock`)
  const edgecoreSocketPath = path.join(folder, `dmi${number}.sock`)
  const { events, seen, links } = recordEvents(overrides)
  const { logger, lines } = recordLog()
  const edge = createDmiEdge({
    mapper: { name: 'm', version: 'v1', apiVersion: 'v1.0.0', protocol: 'modbus' },
    socketPath,
    edgecoreSocketPath,
    logger,
    ...(callTimeoutMs !== undefined && { callTimeoutMs }),
  })
  const open = async (abort?: AbortSignal) => {
    const link = await edge.open(events, abort ?? signal)
    cleanUps.push(() => link.close())
    return link
  }
  const edgecore = async (handlers?: Parameters<typeof startEdgeCore>[1]) => {
    const server = await startEdgeCore(edgecoreSocketPath, handlers)
    cleanUps.push(() => server.stop())
    return server
  }
  const caller = (options?: Parameters<typeof connectTo>[1]) => {
    const client = connectTo(socketPath, options)
    cleanUps.push(() => client.close())
    return client
  }
  return { socketPath, edgecoreSocketPath, edge, open, edgecore, caller, seen, links, lines }
}

const device = (name: string, more: MessageInitShape<typeof pb.DeviceSchema> = {}) =>
  create(pb.DeviceSchema, { name, namespace: 'default', ...more })
const message = {
  register: (name: string) => create(pb.RegisterDeviceRequestSchema, { device: device(name) }),
  update: (name: string) => create(pb.UpdateDeviceRequestSchema, { device: device(name) }),
  remove: (deviceName: string, deviceNamespace = 'default') =>
    create(pb.RemoveDeviceRequestSchema, { deviceName, deviceNamespace }),
  model: (name: string) =>
    create(pb.CreateDeviceModelRequestSchema, { model: { name, namespace: 'default' } }),
  updateModel: (name: string) =>
    create(pb.UpdateDeviceModelRequestSchema, { model: { name, namespace: 'default' } }),
  removeModel: (modelName: string) =>
    create(pb.RemoveDeviceModelRequestSchema, { modelName, modelNamespace: 'default' }),
}

describe('towards EdgeCore', () => {
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
})

describe('from EdgeCore', () => {
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
})

describe('our socket', () => {
  test('is not shared with a second mapper, and not harmed by it', async () => {
    const { edge, open, caller } = await setUp()
    await open()
    const { events } = recordEvents()
    await expect(edge.open(events, signal)).rejects.toThrow(/^\[invalid_config\].*another process/)
    await caller().call(mapperService.RegisterDevice, message.register('d'))
  })

  test('is taken again when it was deleted, and the link is announced anew', async () => {
    const { open, edgecore, caller, links, socketPath, seen } = await setUp()
    await edgecore()
    await open()
    await eventually(() => expect(links).toEqual([true]))
    for (let round = 1; round <= 2; round++) {
      fs.unlinkSync(socketPath)
      await eventually(() => expect(links).toHaveLength(1 + 2 * round))
      expect(links.slice(-2)).toEqual([expect.stringContaining('not ours'), true])
      await caller().call(mapperService.RegisterDevice, message.register(`d${round}`))
    }
    expect(seen).toEqual([
      ['device', 'd1'],
      ['device', 'd2'],
    ])
  })

  test('withstands garbage, giants and torn streams, and keeps serving', async () => {
    const { open, caller, socketPath } = await setUp()
    await open()
    const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
    const settings = Buffer.from('000000040000000000', 'hex')
    const send = (bytes: Buffer, thenEnd: boolean) =>
      new Promise<void>((resolve) => {
        const socket = connect(socketPath)
        socket.on('error', () => undefined)
        socket.on('close', () => resolve())
        socket.resume()
        if (thenEnd) socket.end(bytes)
        else socket.write(bytes)
      })
    await send(Buffer.from('GET / HTTP/1.1\r\n\r\n'), false)
    await send(Buffer.concat([preface, Buffer.from('ffffff000000000001', 'hex')]), false)
    await send(Buffer.concat([preface, settings, Buffer.alloc(5000, 0xff)]), false)
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, sound) =>
        send(Buffer.concat([sound ? preface : Buffer.alloc(0), settings, bytes]), true),
      ),
      { numRuns: 300 },
    )
    const giant = create(pb.UpdateDeviceRequestSchema, {
      device: device('giant', { spec: { deviceModelReference: 'x'.repeat(5 * 1024 * 1024) } }),
    })
    await expect(caller().call(mapperService.UpdateDevice, giant)).rejects.toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
    })
    await caller().call(mapperService.RegisterDevice, message.register('d'))
  }, 60_000)

  test('is gone after close, by call or by signal, and nothing works after', async () => {
    for (const how of ['close', 'signal']) {
      const { open, edgecore, socketPath, links } = await setUp()
      await edgecore()
      const abort = new AbortController()
      const link = await open(abort.signal)
      await eventually(() => expect(links).toEqual([true]))
      if (how === 'signal') abort.abort()
      await link.close()
      await link.close()
      expect(fs.existsSync(socketPath)).toBe(false)
      await expect(link.register(signal)).rejects.toThrow('[canceled]')
      expect(links).toEqual([true])
    }
  })
})
