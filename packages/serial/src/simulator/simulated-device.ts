import type { Value } from '@mapper-sdk/core'
import type { GoodFrame } from '../frame/frame.ts'
import type { FrameSpec } from '../frame/frame-spec.ts'

/** Bytes that a device says. */
export interface Saying {
  readonly bytes: Uint8Array
  /** How they are framed. */
  readonly frame: FrameSpec
  /** How long it takes. */
  readonly afterMs: number
}

/** What a device does on its own, every so often. */
export interface Habit {
  readonly everyMs: number
  /** Throws a MapperError `bad_data` if a state does not fit where it is to be said. */
  perform(): readonly Saying[]
}

/** What a device keeps; a test can look at it and change it while the device runs. */
export interface DeviceState {
  readonly names: readonly string[]
  /** Throws a MapperError `invalid_config` if there is no such state. */
  get(name: string): Value
  /** Throws a MapperError `invalid_config` if there is no such state, or the value is not of its type. */
  set(name: string, value: string | number): void
}

/** A device for one line. It has no clock, no timer and no port. */
export interface SimulatedDevice {
  /** How requests to it are framed. */
  readonly send: FrameSpec
  readonly state: DeviceState
  readonly habits: readonly Habit[]
  /**
   * What it says to a request; undefined: the request is not for it. Throws a MapperError `bad_data` if
   * a state does not fit where it is to be said.
   */
  answer(request: GoodFrame): readonly Saying[] | undefined
}
