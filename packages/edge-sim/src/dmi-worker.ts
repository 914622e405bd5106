import { create } from '@bufbuild/protobuf'
import { MapperError, splitId, type Id, type Logger } from '@mapper-sdk/core'
import * as dmi from '@mapper-sdk/core/dmi'
import { isDeepStrictEqual } from 'node:util'
import type { Down } from './cloud-core.ts'
import { deviceMessage, modelMessage } from './deliver.ts'
import { callMapper, type DownstreamMethod, type DownstreamRequest } from './downstream.ts'
import type { Emit } from './event.ts'
import { idOfManifest, type DeviceCr, type ModelCr } from './manifest.ts'
import { createSequence } from './sequence.ts'
import type { Behaviour } from './version.ts'

/** The single worker of EdgeCore that hands devices and models to mappers, one call at a time. */
export interface DmiWorker {
  add(message: Down): void
  idle(): Promise<void>
  stop(): void
}

export function createDmiWorker(options: {
  readonly behaviour: Behaviour
  /** EdgeCore's caches; the worker keeps them up to date. */
  readonly devices: Map<Id, DeviceCr>
  readonly models: Map<Id, ModelCr>
  /** Socket by protocol: the last mapper to register for a protocol has it alone. */
  readonly clients: ReadonlyMap<string, string>
  readonly complete: (device: DeviceCr) => DeviceCr
  readonly emit: Emit
  readonly logger: Logger
}): DmiWorker {
  const { behaviour, devices, models, clients, complete, emit, logger } = options
  const ended = new AbortController()
  const sequence = createSequence((error) => {
    logger.error({ err: error }, 'the DMI worker failed')
  })

  /** One try; whether it worked. A failure is logged and forgotten, as EdgeCore does. */
  async function call<M extends DownstreamMethod>(
    protocol: string,
    id: Id,
    method: M,
    request: DownstreamRequest<M>,
  ): Promise<boolean> {
    const said = { type: 'downstream', method, id, protocol } as const
    try {
      const address = clients.get(protocol)
      if (address === undefined) {
        const message = `fail to get dmi client of protocol ${protocol}`
        throw new MapperError('edge_unavailable', message)
      }
      const { signal } = ended
      const { rawAuthority } = behaviour
      await callMapper({ address, method, request, rawAuthority, signal })
      emit({ ...said, outcome: 'ok' })
      return true
    } catch (error) {
      const { detail: message } = MapperError.from(error)
      if (!ended.signal.aborted) logger.warn({ id, method }, message)
      emit({ ...said, outcome: 'failed', message })
      return false
    }
  }

  async function handDevice(op: 'insert' | 'update', device: DeviceCr): Promise<void> {
    const id = idOfManifest(device)
    const before = devices.get(id)
    devices.set(id, device)
    if (op === 'update' && behaviour.dropsEqualSpec && before && sameSpec(before, device)) return
    let message: dmi.Device
    try {
      message = deviceMessage(complete(device), behaviour)
    } catch (error) {
      const { detail } = MapperError.from(error)
      logger.error({ device: id }, `cannot be handed to its mapper: ${detail}`)
      return emit({ type: 'undelivered', id, message: detail })
    }
    const { protocolName } = device.spec.protocol
    await (op === 'insert'
      ? call(
          protocolName,
          id,
          'RegisterDevice',
          create(dmi.RegisterDeviceRequestSchema, { device: message }),
        )
      : call(
          protocolName,
          id,
          'UpdateDevice',
          create(dmi.UpdateDeviceRequestSchema, { device: message }),
        ))
  }

  async function handModel(op: 'insert' | 'update', model: ModelCr): Promise<void> {
    const id = idOfManifest(model)
    models.set(id, model)
    const fields = { model: modelMessage(model, behaviour) }
    const protocol = model.spec.protocol ?? ''
    await (op === 'insert'
      ? call(protocol, id, 'CreateDeviceModel', create(dmi.CreateDeviceModelRequestSchema, fields))
      : call(protocol, id, 'UpdateDeviceModel', create(dmi.UpdateDeviceModelRequestSchema, fields)))
  }

  /** What could not be removed at the mapper stays in the cache: a ghost until EdgeCore restarts. */
  async function remove(cr: DeviceCr | ModelCr): Promise<void> {
    const id = idOfManifest(cr)
    const { name, namespace } = splitId(id)
    if (cr.kind === 'Device') {
      const fields = {
        deviceName: name,
        ...(behaviour.namespaces && { deviceNamespace: namespace }),
      }
      const request = create(dmi.RemoveDeviceRequestSchema, fields)
      const done = await call(cr.spec.protocol.protocolName, id, 'RemoveDevice', request)
      if (done) devices.delete(id)
    } else {
      const fields = { modelName: name, ...(behaviour.namespaces && { modelNamespace: namespace }) }
      const request = create(dmi.RemoveDeviceModelRequestSchema, fields)
      const done = await call(cr.spec.protocol ?? '', id, 'RemoveDeviceModel', request)
      if (done) models.delete(id)
    }
  }

  return {
    add({ op, cr }) {
      sequence.add(async () => {
        if (ended.signal.aborted) return
        if (op === 'delete') await remove(cr)
        else if (cr.kind === 'Device') await handDevice(op, cr)
        else await handModel(op, cr)
      })
    },
    idle: () => sequence.idle(),
    stop: () => ended.abort(),
  }
}

const sameSpec = (a: DeviceCr, b: DeviceCr) => isDeepStrictEqual(sorted(a), sorted(b))
const sorted = ({ spec }: DeviceCr) => ({
  ...spec,
  properties: [...(spec.properties ?? [])].sort((a, b) => (a.name < b.name ? -1 : 1)),
})
