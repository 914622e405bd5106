import { create, type MessageInitShape } from '@bufbuild/protobuf'
import type { Any } from '@bufbuild/protobuf/wkt'
import { splitId, type DeviceState, type Id, type RawConfig } from '../../device.ts'
import type { DeviceDescription, TwinUpdate } from '../edge.ts'
import { toAny } from './any.ts'
import * as pb from './gen/dmi_pb.ts'
import { encodePushMethod } from './push-method.ts'

/** What this mapper is to EdgeCore. Name and socket path must stay the same for good. */
export interface MapperIdentity {
  readonly name: string
  readonly version: string
  readonly apiVersion: string
  /** As in `spec.protocol.protocolName` of its devices; one mapper per protocol and node. */
  readonly protocol: string
}

/**
 * The way of EdgeCore's reports leads through a topic, in which it looks for the namespace from the
 * start: `$hw/events/device/<namespace>/<name>/…`. A namespace that is part of the words in front
 * (`dev`, `device`, `event`, `e`, …) is found there, and everything reported is lost.
 */
export const isRoutable = (namespace: string): boolean =>
  !'$hw/events/device/'.includes(namespace === '' ? 'default' : namespace)

/** Without `withData`, EdgeCore would never call this mapper; the address is a path, not a `unix:` URL. */
export function encodeRegister(
  mapper: MapperIdentity,
  socketPath: string,
): pb.MapperRegisterRequest {
  return create(pb.MapperRegisterRequestSchema, {
    withData: true,
    mapper: {
      name: mapper.name,
      version: mapper.version,
      apiVersion: mapper.apiVersion,
      protocol: mapper.protocol,
      address: Buffer.from(socketPath),
      state: 'ok',
    },
  })
}

type TwinTexts = Omit<TwinUpdate, 'first'>
type TwinInit = MessageInitShape<typeof pb.TwinSchema>

const twinTexts = ({ property, reported, observedDesired }: TwinTexts): TwinInit => ({
  propertyName: property,
  observedDesired: { value: observedDesired },
  reported: { value: reported },
})

export function encodeState(device: Id, state: DeviceState): pb.ReportDeviceStatesRequest {
  const { namespace, name } = splitId(device)
  return create(pb.ReportDeviceStatesRequestSchema, {
    deviceName: name,
    deviceNamespace: namespace,
    state,
  })
}

/** A device as GetDevice answers it: as it came, with the twins as they are now. */
export function encodeDescription({ device, twins }: DeviceDescription): pb.Device {
  return create(pb.DeviceSchema, {
    name: device.name,
    namespace: device.namespace,
    spec: {
      deviceModelReference: device.model,
      protocol: {
        protocolName: device.protocolName,
        configData: { data: encodeConfig(device.protocol) },
      },
      properties: device.properties.map((property) => ({
        name: property.name,
        desired: { value: property.desired },
        visitors: {
          protocolName: device.protocolName,
          configData: { data: encodeConfig(property.visitor) },
        },
        collectCycle: BigInt(property.collectCycle),
        reportCycle: BigInt(property.reportCycle),
        reportToCloud: property.reportToCloud,
        ...(property.pushMethod && { pushMethod: encodePushMethod(property.pushMethod) }),
      })),
      methods: device.methods.map(({ name, description, propertyNames }) => ({
        name,
        description,
        propertyNames: [...propertyNames],
      })),
    },
    status: {
      twins: twins.map(twinTexts),
      reportToCloud: device.stateReport.toCloud,
      reportCycle: BigInt(device.stateReport.cycleMs),
    },
  })
}

/** What EdgeCore could not have sent (null, lists, maps) is left out. */
function encodeConfig(config: RawConfig): Record<string, Any> {
  const data: Record<string, Any> = {}
  for (const [key, value] of Object.entries(config)) {
    if (typeof value !== 'object' && key !== '__proto__') data[key] = toAny(value)
  }
  return data
}
