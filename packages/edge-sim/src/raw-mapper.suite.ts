import { create, type MessageInitShape } from '@bufbuild/protobuf'
import {
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type handleUnaryCall,
  type MethodDefinition,
  type UntypedHandleCall,
} from '@grpc/grpc-js'
import * as dmi from '@mapper-sdk/core/dmi'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import { startEdgeSim, type EdgeSim } from './edge-sim.ts'
import type { EdgeSimOptions } from './edge-sim-options.ts'
import type { EdgeSimEvent } from './event.ts'
import type { Manifest } from './manifest.ts'

/** A mapper that speaks the bare wire, without any kindness. */
export interface RawMapper {
  readonly name: string
  readonly socketPath: string
  /** Calls of EdgeCore so far, as `RegisterDevice plant/boiler`. */
  readonly received: readonly string[]
  readonly devices: ReadonlyMap<string, dmi.Device>
  /** Answers every call with this code from now on; never answers any when 'silent'. */
  behave(how: 'ok' | 'error' | 'silent'): void
  register(withData?: boolean): Promise<dmi.MapperRegisterResponse>
  close(): void
}

export async function tempFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'edge-sim-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A stand-in on a socket of its own, ended with the test. */
export async function startSim(options: Partial<EdgeSimOptions> = {}): Promise<{
  readonly sim: EdgeSim
  readonly socketPath: string
  readonly events: readonly EdgeSimEvent[]
}> {
  const socketPath = options.socketPath ?? path.join(await tempFolder(), 'dmi.sock')
  const sim = await startEdgeSim({ upstream: 'off', ...options, socketPath })
  const events: EdgeSimEvent[] = []
  sim.subscribe((event) => events.push(event), new AbortController().signal)
  onTestFinished(() => sim.close())
  return { sim, socketPath, events }
}

type Manager = typeof dmi.deviceManagerService

type Request<M extends keyof Manager> = Parameters<Manager[M]['requestSerialize']>[0]
type Reply<M extends keyof Manager> = ReturnType<Manager[M]['responseDeserialize']>

/** One call to EdgeCore. Rejects with grpc's own error. */
export async function callManager<M extends keyof Manager>(
  socketPath: string,
  method: M,
  request: Request<M>,
): Promise<Reply<M>> {
  const client = new Client(`unix:${socketPath}`, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
  })
  const definition = dmi.deviceManagerService[method] as unknown as MethodDefinition<
    Request<M>,
    Reply<M>
  >
  try {
    return await new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        definition.path,
        definition.requestSerialize,
        definition.responseDeserialize,
        request,
        new Metadata(),
        { deadline: Date.now() + 5000 },
        (error, value) =>
          value === undefined ? reject(error ?? new Error('no answer')) : resolve(value),
      )
    })
  } finally {
    client.close()
  }
}

export const reportTwins = (
  socketPath: string,
  device: string,
  twins: MessageInitShape<typeof dmi.TwinSchema>[],
) => {
  const [deviceNamespace = '', deviceName = ''] = device.split('/')
  return callManager(
    socketPath,
    'ReportDeviceStatus',
    create(dmi.ReportDeviceStatusRequestSchema, {
      deviceName,
      deviceNamespace,
      reportedDevice: { twins },
    }),
  )
}

export const twinOf = (propertyName: string, value: string, observed = '') => ({
  propertyName,
  reported: { value },
  observedDesired: { value: observed },
})

export const reportState = (socketPath: string, device: string, state: string) => {
  const [deviceNamespace = '', deviceName = ''] = device.split('/')
  return callManager(
    socketPath,
    'ReportDeviceStates',
    create(dmi.ReportDeviceStatesRequestSchema, { deviceName, deviceNamespace, state }),
  )
}

export async function startRawMapper(
  edgecoreSocket: string,
  { name = 'raw', protocol = 'modbus' } = {},
): Promise<RawMapper> {
  const socketPath = path.join(await tempFolder(), `${name}.sock`)
  const received: string[] = []
  const devices = new Map<string, dmi.Device>()
  let behaviour: 'ok' | 'error' | 'silent' = 'ok'
  const server = new Server()
  const handle = (
    method: keyof typeof dmi.deviceMapperService,
    idOf: (request: never) => string,
  ) => {
    const answer: handleUnaryCall<never, object> = (call, callback) => {
      received.push(`${method} ${idOf(call.request)}`)
      if (behaviour === 'ok') callback(null, create(dmi[`${method}ResponseSchema`]))
      else if (behaviour === 'error') callback({ code: 2, details: 'not today' })
    }
    return answer as UntypedHandleCall
  }
  const ofDevice = ({ device }: { device?: dmi.Device }) => {
    const id = `${device?.namespace}/${device?.name}`
    if (device) devices.set(id, device)
    return id
  }
  const ofModel = ({ model }: { model?: dmi.DeviceModel }) => `${model?.namespace}/${model?.name}`
  server.addService(dmi.deviceMapperService, {
    RegisterDevice: handle('RegisterDevice', ofDevice),
    UpdateDevice: handle('UpdateDevice', ofDevice),
    CreateDeviceModel: handle('CreateDeviceModel', ofModel),
    UpdateDeviceModel: handle('UpdateDeviceModel', ofModel),
    RemoveDevice: handle(
      'RemoveDevice',
      (request: dmi.RemoveDeviceRequest) => `${request.deviceNamespace}/${request.deviceName}`,
    ),
    RemoveDeviceModel: handle(
      'RemoveDeviceModel',
      (request: dmi.RemoveDeviceModelRequest) => `${request.modelNamespace}/${request.modelName}`,
    ),
    GetDevice: handle('GetDevice', () => ''),
  })
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${socketPath}`, ServerCredentials.createInsecure(), (error) =>
      error === null ? resolve() : reject(error),
    )
  })
  onTestFinished(() => server.forceShutdown())
  return {
    name,
    socketPath,
    received,
    devices,
    behave: (how) => void (behaviour = how),
    register: (withData = true) =>
      callManager(
        edgecoreSocket,
        'MapperRegister',
        create(dmi.MapperRegisterRequestSchema, {
          withData,
          mapper: { name, protocol, address: Buffer.from(socketPath) },
        }),
      ),
    close: () => server.forceShutdown(),
  }
}

const apiVersion = 'devices.kubeedge.io/v1beta1'

export const modelCr = (name = 'm', protocol = 'modbus'): Manifest => ({
  apiVersion,
  kind: 'DeviceModel',
  metadata: { name, namespace: 'plant' },
  spec: { protocol, properties: [{ name: 'a', type: 'INT', accessMode: 'ReadWrite' }] },
})

export const deviceCr = (
  name = 'boiler',
  { model = 'm', protocolName = 'modbus', namespace = 'plant', configData = {}, desired = '' } = {},
): Manifest => ({
  apiVersion,
  kind: 'Device',
  metadata: { name, namespace },
  spec: {
    deviceModelRef: { name: model },
    protocol: { protocolName, configData: { ip: '127.0.0.1', ...configData } },
    properties: [{ name: 'a', desired: { value: desired } }, { name: 'b' }],
  },
})
