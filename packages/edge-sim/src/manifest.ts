import type { Id } from '@mapper-sdk/core'

/** A Device or DeviceModel (`devices.kubeedge.io/v1beta1`) as a plain object, as YAML or JSON gives it. */
export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly [field: string]: unknown
  }
  readonly spec: Readonly<Record<string, unknown>>
  readonly status?: Readonly<Record<string, unknown>>
}

type Free = Readonly<Record<string, unknown>>

export interface TwinValue {
  readonly value?: string
  readonly metadata?: Readonly<Record<string, string>>
}
export interface VisitorCr {
  readonly protocolName?: string
  readonly configData?: Free
}
export interface PropertyCr {
  readonly name: string
  readonly desired?: TwinValue
  readonly visitors?: VisitorCr
  readonly reportCycle?: number
  readonly collectCycle?: number
  readonly reportToCloud?: boolean
  readonly pushMethod?: Free
}
export interface TwinStatus {
  readonly propertyName: string
  readonly reported?: TwinValue
  readonly observedDesired?: TwinValue
}
export interface StateReport {
  readonly reportToCloud?: boolean
  readonly reportCycle?: number
}

/** A Device that passed `problemsOf`. */
export interface DeviceCr {
  readonly kind: 'Device'
  readonly metadata: Manifest['metadata']
  readonly spec: {
    readonly deviceModelRef: { readonly name: string }
    readonly nodeName?: string
    readonly protocol: VisitorCr & { readonly protocolName: string }
    readonly properties?: readonly PropertyCr[]
    readonly methods?: readonly {
      readonly name?: string
      readonly description?: string
      readonly propertyNames?: readonly string[]
    }[]
    readonly stateReport?: StateReport
  }
  readonly status?: StateReport & {
    readonly twins?: readonly TwinStatus[]
    readonly state?: string
    readonly lastOnlineTime?: string
  }
}

/** A DeviceModel that passed `problemsOf`. */
export interface ModelCr {
  readonly kind: 'DeviceModel'
  readonly metadata: Manifest['metadata']
  readonly spec: {
    readonly protocol?: string
    readonly protocolConfigData?: Free
    readonly properties?: readonly {
      readonly name: string
      readonly description?: string
      readonly type?: string
      readonly accessMode?: string
      readonly minimum?: string
      readonly maximum?: string
      readonly unit?: string
      readonly visitors?: VisitorCr
    }[]
  }
}
export type Cr = DeviceCr | ModelCr

export const idOfManifest = (manifest: { readonly metadata: Manifest['metadata'] }): Id =>
  `${manifest.metadata.namespace ?? 'default'}/${manifest.metadata.name}`

/** The id of the model that a device refers to: same namespace, always. */
export const modelIdOf = (device: DeviceCr): Id =>
  `${device.metadata.namespace ?? 'default'}/${device.spec.deviceModelRef.name}`
