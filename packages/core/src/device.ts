/** A configuration as it arrives: plain JSON, numbers already repaired from float32. */
export interface RawConfig {
  readonly [key: string]: RawValue
}
export type RawValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | readonly RawValue[]
  | { readonly [key: string]: RawValue }

export type PropertyType = 'INT' | 'FLOAT' | 'DOUBLE' | 'STRING' | 'BOOLEAN' | 'BYTES' | 'STREAM'
export type AccessMode = 'ReadOnly' | 'ReadWrite'

/** One property of a DeviceModel: what it means, not where it is. Limits are texts, as in the CR. */
export interface ModelProperty {
  readonly name: string
  readonly type: PropertyType
  readonly accessMode: AccessMode
  readonly description?: string
  readonly minimum?: string
  readonly maximum?: string
  readonly unit?: string
}

export interface DeviceModel {
  readonly namespace: string
  readonly name: string
  readonly properties: readonly ModelProperty[]
}

/** One property of a Device: where it is, how often it is read, what is wished. */
export interface DeviceProperty {
  readonly name: string
  /** The desired value as text; '' when there is none (the wire cannot tell the two apart). */
  readonly desired: string
  readonly visitor: RawConfig
  /** Milliseconds as in the CR, unchecked; 0 when unset. */
  readonly collectCycle: number
  /** Milliseconds as in the CR, unchecked; 0 when unset. */
  readonly reportCycle: number
  readonly reportToCloud: boolean
  /** Push methods as they arrived, for the sinks to read. */
  readonly pushMethod?: RawConfig
}

export interface DeviceMethod {
  readonly name: string
  readonly description: string
  readonly propertyNames: readonly string[]
}

/** A Device as an edge delivers it. */
export interface Device {
  readonly namespace: string
  readonly name: string
  readonly model: string
  readonly protocolName: string
  readonly protocol: RawConfig
  readonly properties: readonly DeviceProperty[]
  readonly methods: readonly DeviceMethod[]
  /** Whether and how often (ms) the device's state is reported; 0 = on change only. */
  readonly stateReport: { readonly toCloud: boolean; readonly cycleMs: number }
}

/** `namespace/name` of a device or a model. */
export type Id = string

export const idOf = (thing: { readonly namespace: string; readonly name: string }): Id =>
  `${thing.namespace}/${thing.name}`

/** Namespace and name of an id. Neither may contain a slash. */
export function splitId(id: Id): { namespace: string; name: string } {
  const slash = id.indexOf('/')
  return { namespace: id.slice(0, slash), name: id.slice(slash + 1) }
}

/** The states EdgeCore accepts and core reports. */
export type DeviceState = 'ok' | 'unhealthy' | 'offline' | 'unknown'
