import {
  createDriverConfig,
  createResolver,
  MapperError,
  type Device,
  type DeviceModel,
  type Driver,
  type Issue,
  type Resolution,
} from '@mapper-sdk/core'
import { crOf, deviceOf, modelOf, type Cr, type DeviceCr, type ModelCr } from '@mapper-sdk/edge-sim'
import type { Resource } from './document.ts'

export interface ModelSubject {
  readonly resource: Resource
  readonly cr: ModelCr
  readonly model: DeviceModel
}

/** A device with all that is needed to judge it. */
export interface DeviceSubject {
  readonly resource: Resource
  readonly cr: DeviceCr
  /** As a mapper gets it, with what the model gives; without a model as it is written. */
  readonly device: Device
  readonly model?: ModelSubject
  readonly driver?: Driver
  /** Why there is no driver. */
  readonly noDriver?: string
  /** If there are a model and a driver; with a driver alone, what it says of the protocol config. */
  readonly resolution?: Resolution
}

/** Everything that is checked together. */
export interface World {
  readonly devices: readonly DeviceSubject[]
  readonly models: readonly ModelSubject[]
  /** What the files of mappers say, as far as devices depend on it. */
  readonly mappers: readonly MapperFile[]
}

export interface MapperFile {
  readonly file: string
  /** `common.protocol`, if it is there. */
  readonly protocol?: string
  readonly cycleUnit: 'auto' | 'ms' | 'ns'
  readonly minimumCycleMs: number
  /** Whether reports take the MQTT broker, which has no budget. */
  readonly overMqtt: boolean
}

/** May throw or reject with the reason why there is no driver. */
export type DriverOf = (protocolName: string) => Promise<Driver>

/** Puts resources together. Their ids are all different. */
export async function worldOf(
  resources: readonly Resource[],
  mappers: readonly MapperFile[],
  driverOf: DriverOf,
): Promise<World> {
  const pairs = resources.map((resource) => ({ resource, cr: crOf(resource.manifest) }))
  const models = pairs.filter(isModel).map(({ resource, cr }): ModelSubject => {
    return { resource, cr, model: modelOf(resource.manifest) }
  })
  const byId = new Map(models.map((model) => [model.resource.id, model]))
  const drivers = new Map<string, Driver | string>()
  const devices: DeviceSubject[] = []
  for (const { resource, cr } of pairs.filter(isDevice)) {
    const { protocolName } = cr.spec.protocol
    const driver = drivers.get(protocolName) ?? (await driverOrReason(protocolName, driverOf))
    drivers.set(protocolName, driver)
    const model = byId.get(`${cr.metadata.namespace ?? 'default'}/${cr.spec.deviceModelRef.name}`)
    const device = deviceOf(resource.manifest, model?.resource.manifest)
    const subject = { resource, cr, device, ...(model && { model }) }
    if (typeof driver === 'string') devices.push({ ...subject, noDriver: driver })
    else {
      const { resolve, config } = checksOf(driver)
      const issues: Issue[] = []
      if (model === undefined) config.protocol(device.protocol, issues)
      const resolution = model === undefined ? { issues } : resolve(device, model.model)
      devices.push({ ...subject, driver, resolution })
    }
  }
  return { devices, models, mappers }
}

/** Schemas take long to compile, and files are checked again and again. */
const known = new WeakMap<Driver, ReturnType<typeof compile>>()

function checksOf(driver: Driver): ReturnType<typeof compile> {
  const checks = known.get(driver) ?? compile(driver)
  known.set(driver, checks)
  return checks
}

const compile = (driver: Driver) => ({
  resolve: createResolver(driver),
  config: createDriverConfig(driver),
})

async function driverOrReason(protocolName: string, driverOf: DriverOf): Promise<Driver | string> {
  try {
    return await driverOf(protocolName)
  } catch (thrown) {
    const error = MapperError.from(thrown)
    if (error.code === 'internal') throw error
    return error.detail
  }
}

type Pair = { readonly resource: Resource; readonly cr: Cr }

const isDevice = (pair: Pair): pair is Pair & { readonly cr: DeviceCr } => pair.cr.kind === 'Device'
const isModel = (pair: Pair): pair is Pair & { readonly cr: ModelCr } =>
  pair.cr.kind === 'DeviceModel'
