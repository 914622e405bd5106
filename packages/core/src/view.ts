import type { ActivityCounts } from './activity.ts'
import type { Issue } from './config.ts'
import type { DeviceMethod, DeviceModel, DeviceState, Id } from './device.ts'
import type { MapperError } from './errors.ts'
import type { Reading } from './readings.ts'
import type { Explanation } from './explain.ts'
import type { ReporterStats } from './reporter.ts'

/** What a running mapper shows of itself: live, read-only, cheap to ask. */
export interface MapperView {
  devices(): readonly DeviceView[]
  device(id: Id): DeviceView | undefined
  readonly edge: ReporterStats
  /** How many twins are known, and how many of them wait to be told to the cloud. */
  readonly outbox: { readonly twins: number; readonly waiting: number }
  readonly connections: number
  /** What it has done since it started. */
  readonly activity: ActivityCounts
  /** Why the cloud shows of a property what it shows; undefined for an unknown device. */
  explain(device: Id, property: string): Explanation | undefined
  /**
   * Runs a device method: writes one property as a person asked, and answers the text that the device
   * reads afterwards (undefined if it cannot be read back). Throws a MapperError that says why not:
   * unknown device or method, a property that the method does not list, a read-only one, a text that
   * is no value of the type or outside the limits, or what the device answered.
   */
  callMethod(
    device: Id,
    method: string,
    property: string,
    text: string,
  ): Promise<string | undefined>
  /**
   * Writes one property as a person asked, once; answers and throws as `callMethod` does. The desired
   * value of the custom resource stays: it is written again when it changes, or when its policy says so.
   */
  writeProperty(device: Id, property: string, text: string): Promise<string | undefined>
}

export interface DeviceView {
  readonly id: Id
  readonly state: DeviceState
  /** Why the last call for the whole device failed, if it did: then its readings are old. */
  readonly error: MapperError | undefined
  readonly issues: readonly Issue[]
  readonly readings: ReadonlyMap<string, Reading>
  /** The names in the custom resource, also of those that do not run. */
  readonly properties: readonly string[]
  readonly methods: readonly DeviceMethod[]
  /** Undefined while it is not known. */
  readonly model: DeviceModel | undefined
}
