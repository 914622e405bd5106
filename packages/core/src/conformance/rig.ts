import type { PropertyType, RawConfig } from '../device.ts'
import type { Driver, Value } from '../driver.ts'

/** A place in a device: `visitors.configData` as in a custom resource, and the type in the device model. */
export interface Place {
  readonly visitor: RawConfig
  readonly type: PropertyType
}

/** A place that can be read. Values are compared as the model's type shows them: '21.5' is 21.5 for a FLOAT. */
export interface GoodPlace extends Place {
  /** What the device holds there when the rig is made. */
  readonly value: Value
  /** Two other values at least that it can hold, the limits of its type among them. */
  readonly others: readonly Value[]
  /** It cannot be written. */
  readonly readOnly?: true
  /** Values that a write must refuse and not change into others: beyond the type, too long, no number. */
  readonly refuses?: readonly Value[]
  /** What `poke` can leave there that is no value of the type, such as NaN: it must not be read as one. */
  readonly unreadable?: readonly Value[]
}

/** A configuration that must be refused, and the field that must be named as the reason. */
export interface WrongConfig {
  readonly what: 'protocol' | 'visitor'
  readonly raw: RawConfig
  /** As it is written in `raw`. */
  readonly field: string
  /** Of the property, for a visitor; STRING if left out. */
  readonly type?: PropertyType
}

/**
 * A driver and a device behind it, real or simulated, for one check. What is left out is not checked, and
 * the report says so. All that changes the device resolves when the device is changed.
 */
export interface Rig {
  readonly driver: Driver
  /** `spec.protocol.configData`, as in a custom resource. */
  readonly protocol: RawConfig
  readonly good: readonly [GoodPlace, ...GoodPlace[]]
  /** A place that the device answers no to. */
  readonly bad?: Place
  /** A write that the device answers no to. */
  readonly refusedWrite?: Place & { readonly value: Value }
  readonly wrong?: readonly WrongConfig[]
  /** Another device that shares the connection. */
  readonly second?: Pick<Rig, 'protocol' | 'good'>
  /** Changes what the device holds at `good[index]`, behind the driver's back. */
  poke?(index: number, value: Value): void | Promise<void>
  /** What the device holds at `good[index]`, looked at behind the driver's back. */
  peek?(index: number): Value | Promise<Value>
  /** Pulls the cable: calls fail, and nobody can connect, until `restore`. */
  cut?(): void | Promise<void>
  restore?(): void | Promise<void>
  /**
   * While silent, the device hears what it is asked and does not answer. When that ends, it may answer what
   * it has heard: that is what late answers are.
   */
  silence?(silent: boolean): void | Promise<void>
  /** Questions for values that have reached the device so far; not what keeps a session alive. */
  requests?(): number
  /** How long connecting, a read or a write may take when all is well, in ms; 5000 if left out. */
  readonly patienceMs?: number
  /** Ends what the rig has opened. Called once, after the check. */
  close?(): void | Promise<void>
}

/** Called for each check. A rig may stand on a device that others use too, if `value`s are true each time. */
export type MakeRig = () => Rig | Promise<Rig>
