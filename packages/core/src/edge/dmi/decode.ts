import type {
  AccessMode,
  Device,
  DeviceModel,
  DeviceProperty,
  ModelProperty,
  PropertyType,
  RawConfig,
} from '../../device.ts'
import { fromAnyMap } from './any.ts'
import type * as pb from './gen/dmi_pb.ts'
import { decodePushMethod, safeNumber } from './push-method.ts'

/** A device as it arrived, and what had to be left out of it, each with its place. */
export interface DecodedDevice {
  readonly device: Device
  readonly issues: readonly string[]
}

/** A device of the wire in core's words. Everything that is missing there gets its empty value. */
export function decodeDevice(message: pb.Device): DecodedDevice {
  const issues: string[] = []
  const { spec, status } = message
  const device: Device = {
    namespace: namespaceOf(message.namespace),
    name: message.name,
    model: spec?.deviceModelReference ?? '',
    protocolName: spec?.protocol?.protocolName ?? '',
    protocol: decodeConfig(spec?.protocol?.configData, 'spec.protocol.configData', issues),
    properties: (spec?.properties ?? []).map((property) => decodeProperty(property, issues)),
    methods: (spec?.methods ?? []).map(({ name, description, propertyNames }) => ({
      name,
      description,
      propertyNames: [...propertyNames],
    })),
    stateReport: {
      toCloud: status?.reportToCloud ?? false,
      cycleMs: safeNumber(status?.reportCycle ?? 0n),
    },
  }
  return { device, issues }
}

/** A device model of the wire. The wire's model carries no visitors and no protocol. */
export function decodeModel(message: pb.DeviceModel): DeviceModel {
  return {
    namespace: namespaceOf(message.namespace),
    name: message.name,
    properties: (message.spec?.properties ?? []).map(decodeModelProperty),
  }
}

/** EdgeCore before 1.16 sends no namespace, and reads an empty one as `default`. */
export const namespaceOf = (namespace: string): string => (namespace === '' ? 'default' : namespace)

function decodeProperty(message: pb.DeviceProperty, issues: string[]): DeviceProperty {
  const place = `properties.${message.name}`
  const found: string[] = []
  const property: DeviceProperty = {
    name: message.name,
    desired: message.desired?.value ?? '',
    visitor: decodeConfig(message.visitors?.configData, 'visitors.configData', found),
    collectCycle: safeNumber(message.collectCycle),
    reportCycle: safeNumber(message.reportCycle),
    reportToCloud: message.reportToCloud,
    ...(message.pushMethod && { pushMethod: decodePushMethod(message.pushMethod, found) }),
  }
  issues.push(...found.map((issue) => `${place}.${issue}`))
  return property
}

function decodeConfig(
  message: pb.CustomizedValue | undefined,
  place: string,
  issues: string[],
): RawConfig {
  const { config, issues: found } = fromAnyMap(message?.data ?? {})
  issues.push(...found.map((issue) => `${place}.${issue}`))
  return config
}

const types: ReadonlySet<string> = new Set<PropertyType>([
  ...(['INT', 'FLOAT', 'DOUBLE', 'STRING', 'BOOLEAN', 'BYTES', 'STREAM'] as const),
])

function decodeModelProperty(message: pb.ModelProperty): ModelProperty {
  const type = message.type.toUpperCase()
  // Only the exact word makes a property read-only; an empty one is writable, as KubeEdge has it.
  const accessMode: AccessMode = message.accessMode === 'ReadOnly' ? 'ReadOnly' : 'ReadWrite'
  const { name, description, minimum, maximum, unit } = message
  return {
    name,
    type: types.has(type) ? (type as PropertyType) : 'STRING',
    accessMode,
    ...(description !== '' && { description }),
    ...(minimum !== '' && { minimum }),
    ...(maximum !== '' && { maximum }),
    ...(unit !== '' && { unit }),
  }
}
