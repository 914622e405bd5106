import type { Id } from '@mapper-sdk/core'
import { modelIdOf, type DeviceCr, type ModelCr, type PropertyCr } from './manifest.ts'

type Free = Readonly<Record<string, unknown>>

/** Protocols that CRs of that time knew by name: their settings lie there without a wrapper. */
const named = new Set(['modbus', 'opcua', 'bluetooth'])

/**
 * deviceProfile.json as CloudCore up to 1.14 wrote it for the mappers of a node: deviceInstances,
 * deviceModels and protocols. Cycles are in nanoseconds. Only name and property tell devices apart.
 */
export function deviceProfileOf(
  devices: readonly DeviceCr[],
  models: ReadonlyMap<Id, ModelCr>,
): string {
  const used = new Map(
    devices.flatMap((device) => {
      const model = models.get(modelIdOf(device))
      return model === undefined ? [] : [[modelIdOf(device), model]]
    }),
  )
  const profile = {
    deviceInstances: devices.map((device) => instanceOf(device, used.get(modelIdOf(device)))),
    deviceModels: [...used.values()].map(modelOf),
    protocols: devices.map(protocolOf),
  }
  return `${JSON.stringify(profile, undefined, 2)}\n`
}

const protocolNameOf = ({ metadata, spec }: DeviceCr) =>
  `${spec.protocol.protocolName}-${metadata.name}`

const typeIn = (model: ModelCr | undefined, property: string) =>
  (model?.spec.properties?.find(({ name }) => name === property)?.type ?? 'STRING').toLowerCase()

function instanceOf(device: DeviceCr, model: ModelCr | undefined) {
  const { metadata, spec } = device
  const properties = spec.properties ?? []
  return {
    id: metadata.name,
    name: metadata.name,
    protocol: protocolNameOf(device),
    model: spec.deviceModelRef.name,
    twins: properties.map(({ name, desired }) => ({
      propertyName: name,
      desired: { value: desired?.value ?? '', metadata: { type: typeIn(model, name) } },
      reported: { value: '', metadata: { type: typeIn(model, name) } },
    })),
    data: { dataTopic: `$ke/events/device/${metadata.name}/data/update` },
    propertyVisitors: properties.map((property) => visitorOf(property, spec)),
  }
}

function visitorOf(property: PropertyCr, { protocol, deviceModelRef }: DeviceCr['spec']) {
  const { name, visitors, collectCycle, reportCycle } = property
  return {
    name,
    propertyName: name,
    modelName: deviceModelRef.name,
    collectCycle: nanoseconds(collectCycle),
    reportCycle: nanoseconds(reportCycle),
    protocol: protocol.protocolName,
    visitorConfig: settingsOf(protocol.protocolName, visitors?.configData),
  }
}

/** A CR says milliseconds; what is longer than a day was meant as nanoseconds. */
const nanoseconds = (cycle = 0) => (cycle < 100_000_000 ? cycle * 1_000_000 : cycle)

const settingsOf = (protocolName: string, configData: Free | undefined): Free =>
  named.has(protocolName) ? { ...configData } : { protocolName, configData: { ...configData } }

/** Settings of today and where they lay then. */
const tcpKeys: Readonly<Record<string, string>> = { ip: 'ip', host: 'ip', port: 'port' }
const comKeys: Readonly<Record<string, string>> = {
  serialPort: 'serialPort',
  serialName: 'serialPort',
  path: 'serialPort',
  ...{ baudRate: 'baudRate', dataBits: 'dataBits', parity: 'parity', stopBits: 'stopBits' },
}
const unitKeys: Readonly<Record<string, string>> = {
  ...{ slaveID: 'slaveID', slaveId: 'slaveID', unitId: 'slaveID', unit: 'slaveID' },
}

function protocolOf(device: DeviceCr) {
  const { protocolName: protocol, configData = {} } = device.spec.protocol
  const name = protocolNameOf(device)
  if (protocol !== 'modbus') {
    const protocolConfig = settingsOf(protocol, configData)
    return { name, protocol, protocolConfig, protocolCommonConfig: {} }
  }
  const tcp = picked(configData, tcpKeys)
  const com = picked(configData, comKeys)
  const rest = Object.entries(configData).filter(
    ([key]) => ![tcpKeys, comKeys, unitKeys].some((keys) => Object.hasOwn(keys, key)),
  )
  return {
    name,
    protocol,
    protocolConfig: picked(configData, unitKeys) ?? {},
    protocolCommonConfig: {
      ...(com && { com }),
      ...(tcp && { tcp: { ...tcp, ...('port' in tcp && { port: Number(tcp['port']) }) } }),
      ...(rest.length > 0 && { customizedValues: Object.fromEntries(rest) }),
    },
  }
}

/** The settings that have a place there, by their names there. */
function picked(settings: Free, keys: Readonly<Record<string, string>>): Free | undefined {
  const found = Object.entries(settings).flatMap(([key, value]) => {
    const then = Object.hasOwn(keys, key) ? keys[key] : undefined
    return then === undefined ? [] : [[then, value] as const]
  })
  return found.length === 0 ? undefined : Object.fromEntries(found)
}

function modelOf({ metadata, spec }: ModelCr) {
  return {
    name: metadata.name,
    properties: (spec.properties ?? []).map((property) => ({
      name: property.name,
      dataType: (property.type ?? 'STRING').toLowerCase(),
      description: property.description ?? '',
      accessMode: property.accessMode ?? 'ReadWrite',
      defaultValue: '',
      minimum: property.minimum ?? '',
      maximum: property.maximum ?? '',
      unit: property.unit ?? '',
    })),
  }
}
