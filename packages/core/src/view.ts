import type { Issue } from './config.ts'
import type { DeviceState, Id } from './device.ts'
import type { Reading } from './readings.ts'
import type { Explanation } from './explain.ts'
import type { ReporterStats } from './reporter.ts'

/** What a running mapper shows of itself: live, read-only, cheap to ask. */
export interface MapperView {
  devices(): readonly DeviceView[]
  readonly edge: ReporterStats
  /** How many twins are known, and how many of them wait to be told to the cloud. */
  readonly outbox: { readonly twins: number; readonly waiting: number }
  readonly connections: number
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
}

export interface DeviceView {
  readonly id: Id
  readonly state: DeviceState
  readonly issues: readonly Issue[]
  readonly readings: ReadonlyMap<string, Reading>
}
