import { type Clock, type Id, type Logger, MapperError } from '@mapper-sdk/core'
import type { Down } from './cloud-core.ts'
import { createDeviceTwin } from './device-twin.ts'
import { createDmiWorker } from './dmi-worker.ts'
import type { Answer, ManagerHandlers } from './dmi-server.ts'
import { deviceMessage, modelMessage } from './deliver.ts'
import type { Emit } from './event.ts'
import { createLimiter, type Rate } from './limiter.ts'
import { idOfManifest, modelIdOf, type DeviceCr } from './manifest.ts'
import { withModelDefaults } from './merge.ts'
import type { MapperInfo } from './stats.ts'
import { keep, type Store } from './store.ts'
import type { CloudUplink } from './uplink.ts'
import { createUpstream } from './upstream.ts'
import type { Behaviour } from './version.ts'

export interface EdgeCoreOptions {
  readonly behaviour: Behaviour
  readonly store: Store
  readonly uplink: CloudUplink
  readonly limiter: Rate | 'off'
  readonly upstream: Rate | 'off'
  readonly emit: Emit
  /** The process dies. Nothing of this EdgeCore is used any more. */
  readonly crash: (report: string) => void
  /** To the broker, if there is one. */
  readonly publish: ((topic: string, message: object) => void) | undefined
  readonly logger: Logger
  readonly clock: Clock
  readonly random: () => number
}

/** One life of EdgeCore, from its start to its end. */
export interface EdgeCore {
  readonly handlers: ManagerHandlers
  /** A message of CloudCore arrives. */
  receive(message: Down): void
  /** A message of the broker arrives. */
  receiveFromBus(topic: string, payload: string): void
  mappers(): readonly MapperInfo[]
  idle(): Promise<void>
  stop(): void
}

export function createEdgeCore(options: EdgeCoreOptions): EdgeCore {
  const { behaviour, store, emit, crash, logger, clock, random } = options
  const limiter = createLimiter(options.limiter, clock)
  const upstream = createUpstream(options.upstream, clock)
  const devices = new Map(store.devices)
  const models = new Map(store.models)
  const mappers = new Map(behaviour.keepsMappers ? store.mappers : [])
  const clients = new Map([...mappers.values()].map(({ protocol, address }) => [protocol, address]))
  const worker = createDmiWorker({ ...options, devices, models, clients, complete })

  /** With the model's defaults, where there are such. Throws if EdgeCore would give up on the device. */
  function complete(device: DeviceCr): DeviceCr {
    if (!behaviour.mergesModelDefaults) return device
    const model = models.get(modelIdOf(device))
    if (model === undefined) {
      const message = `device model ${device.spec.deviceModelRef.name} not found in cache`
      throw new MapperError('invalid_config', message)
    }
    return withModelDefaults(device, model)
  }

  function withMapperDevices(protocol: string) {
    const deviceList = []
    const modelList = []
    for (const device of shuffled([...devices.values()], random)) {
      const model = models.get(modelIdOf(device))
      if (device.spec.protocol.protocolName !== protocol) continue
      try {
        if (model === undefined) throw new MapperError('invalid_config', 'its model is not there')
        deviceList.push(deviceMessage(complete(device), behaviour))
        modelList.push(modelMessage(model, behaviour))
      } catch (error) {
        const { detail } = MapperError.from(error)
        logger.warn({ device: idOfManifest(device) }, `left out of the register reply: ${detail}`)
        emit({ type: 'undelivered', id: idOfManifest(device), message: detail })
      }
    }
    return { deviceList, modelList }
  }

  const refuse = (
    method: 'MapperRegister' | 'ReportDeviceStatus' | 'ReportDeviceStates',
    subject: string,
    message: string,
  ): Answer<never> => {
    emit({ type: 'call', method, subject, outcome: 'refused', message })
    return { tag: 'refused', message }
  }
  const die = (
    method: 'MapperRegister' | 'ReportDeviceStatus',
    subject: string,
    why: string,
  ): Answer<never> => {
    const report = `panic: nil pointer dereference in ${method}: ${why}`
    emit({ type: 'call', method, subject, outcome: 'crash', message: report })
    crash(report)
    return { tag: 'crash' }
  }

  /** Before 1.16 a device is found by its name alone. */
  function deviceNamed(namespace: string, name: string): Id {
    if (behaviour.namespaces) return `${namespace || 'default'}/${name}`
    const found = [...store.devices.values()].find(({ metadata }) => metadata.name === name)
    return found === undefined ? `default/${name}` : idOfManifest(found)
  }

  const deviceTwin = createDeviceTwin({ ...options, upstream, idOf: deviceNamed })

  const handlers: ManagerHandlers = {
    register({ mapper, withData }) {
      if (!mapper) return die('MapperRegister', '', 'the request has no mapper')
      const { name, protocol } = mapper
      const address = Buffer.from(mapper.address).toString('utf8')
      const tooMany = `fail to register mapper because of too many request: ${name}`
      if (!limiter.take()) return refuse('MapperRegister', name, tooMany)
      if (protocol === '') {
        const message = `fail to register mapper ${name} because the protocol is nil`
        return refuse('MapperRegister', name, message)
      }
      const row = { protocol, address }
      if (!store.mappers.has(name)) store.mappers.set(name, row)
      mappers.set(name, row)
      // Without data EdgeCore makes no client: such a mapper is never called.
      if (withData) clients.set(protocol, address)
      emit({ type: 'call', method: 'MapperRegister', subject: name, outcome: 'ok' })
      return { tag: 'ok', value: withData ? withMapperDevices(protocol) : {} }
    },

    reportStatus({ deviceName, deviceNamespace, reportedDevice }) {
      const method = 'ReportDeviceStatus'
      const id = deviceNamed(deviceNamespace, deviceName)
      const tooMany = `fail to report device status because of too many request: ${deviceName}`
      if (!limiter.take()) return refuse(method, id, tooMany)
      const twins = reportedDevice?.twins ?? []
      if (twins.length === 0) {
        return refuse(method, id, 'ReportDeviceStatusRequest does not have twin data')
      }
      for (const { propertyName, observedDesired, reported } of twins) {
        const missing = observedDesired ? (reported ? undefined : 'reported') : 'observedDesired'
        if (missing) return die(method, id, `twin ${propertyName} of ${id} has no ${missing}`)
      }
      emit({ type: 'call', method, subject: id, outcome: 'ok', twins: twins.length })
      for (const { propertyName, observedDesired, reported } of twins) {
        const [value, observed] = [reported?.value ?? '', observedDesired?.value ?? '']
        deviceTwin.report(id, propertyName, value, observed)
      }
      return { tag: 'ok', value: {} }
    },

    ...(behaviour.states !== 'unimplemented' && {
      reportStates({ deviceName, deviceNamespace, state }) {
        const method = 'ReportDeviceStates'
        const id = deviceNamed(deviceNamespace, deviceName)
        const tooMany = `fail to report device states because of too many request: ${deviceName}`
        if (!limiter.take()) return refuse(method, id, tooMany)
        if (state === '' || deviceName === '') {
          return refuse(method, id, 'ReportDeviceStatesRequest is invalid data')
        }
        emit({ type: 'call', method, subject: id, outcome: 'ok' })
        deviceTwin.reportState(id, state)
        return { tag: 'ok', value: {} }
      },
    }),
  }

  return {
    handlers,
    receive(message) {
      keep(store, message)
      deviceTwin.changed(message)
      if (!behaviour.mqttOnly) worker.add(message)
    },
    receiveFromBus: (topic, payload) => deviceTwin.receive(topic, payload),
    mappers: () =>
      [...mappers].map(([name, { protocol, address }]) => ({
        name,
        protocol,
        address,
        reachable: clients.get(protocol) === address,
      })),
    idle: () => worker.idle(),
    stop() {
      worker.stop()
      for (let lost = upstream.stop(); lost > 0; lost--) {
        emit({ type: 'drop', reason: 'edgecore-ended', device: '' })
      }
    },
  }
}

/** Go iterates its maps in random order. */
function shuffled<T>(items: T[], random: () => number): T[] {
  for (let last = items.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    ;[items[last], items[other]] = [items[other] as T, items[last] as T]
  }
  return items
}
