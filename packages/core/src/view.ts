import type { Issue } from './config.ts'
import type { DeviceState, Id } from './device.ts'
import type { Reading } from './readings.ts'
import type { ReporterStats } from './reporter.ts'

/** What a running mapper shows of itself: live, read-only, cheap to ask. */
export interface MapperView {
  devices(): readonly DeviceView[]
  readonly edge: ReporterStats
  /** How many twins are known, and how many of them wait to be told to the cloud. */
  readonly outbox: { readonly twins: number; readonly waiting: number }
  readonly connections: number
}

export interface DeviceView {
  readonly id: Id
  readonly state: DeviceState
  readonly issues: readonly Issue[]
  readonly readings: ReadonlyMap<string, Reading>
}
