import type { Manifest } from '@mapper-sdk/edge-sim'

/** One property of a device and of its model. */
export interface PropertySpec {
  readonly name: string
  readonly type: 'INT' | 'FLOAT' | 'DOUBLE' | 'STRING' | 'BOOLEAN' | 'BYTES'
  readonly writable?: boolean
  readonly visitor: Readonly<Record<string, unknown>>
}

export interface DeviceSpec {
  readonly name: string
  /** modbus if left out. */
  readonly protocolName?: string
  readonly protocol: Readonly<Record<string, unknown>>
  readonly properties: readonly PropertySpec[]
  readonly cycleMs?: number
  readonly reportMs?: number
}

const apiVersion = 'devices.kubeedge.io/v1beta1'

/** A Device and the DeviceModel it refers to, which has the device's name. */
export function manifestsOf(spec: DeviceSpec): readonly [model: Manifest, device: Manifest] {
  const { name, protocol, protocolName = 'modbus', properties } = spec
  const { cycleMs = 200, reportMs = cycleMs } = spec
  return [
    {
      apiVersion,
      kind: 'DeviceModel',
      metadata: { name },
      spec: {
        protocol: protocolName,
        properties: properties.map(({ name, type, writable = false }) => ({
          name,
          type,
          accessMode: writable ? 'ReadWrite' : 'ReadOnly',
        })),
      },
    },
    {
      apiVersion,
      kind: 'Device',
      metadata: { name },
      spec: {
        deviceModelRef: { name },
        nodeName: 'edge',
        protocol: { protocolName, configData: protocol },
        stateReport: { reportToCloud: true },
        properties: properties.map(({ name, visitor }) => ({
          name,
          collectCycle: cycleMs,
          reportCycle: reportMs,
          reportToCloud: true,
          visitors: { protocolName, configData: visitor },
        })),
      },
    },
  ]
}
