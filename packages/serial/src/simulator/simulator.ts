import type { FaultScript } from './faults.ts'
import type { DeviceState } from './simulated-device.ts'

/** A running simulator: one device on a line, or several. */
export interface SerialSimulator {
  /** Requests received so far, for whichever device. */
  readonly requests: number
  /** Of the first device. */
  readonly state: DeviceState
  /** Of each device, in the order in which they were given. */
  readonly states: readonly DeviceState[]
  /** What a device could not say because a state does not fit there, a sentence each; the last 100. */
  readonly problems: readonly string[]
  /** Replaces the fault script; none ends all faults. */
  faults(script?: FaultScript): void
  /** While muted, requests are received and nothing is said, not even what comes by itself. */
  mute(muted: boolean): void
  /** Puts bytes on the line, as they are; also while muted. */
  say(bytes: Uint8Array): void
  close(): Promise<void>
}

export interface SimulatorOptions {
  readonly faults?: FaultScript
  /** Every answer waits this long; 0 if left out. */
  readonly delayMs?: number
  /**
   * What began to come in is forgotten after this silence, 500 if left out. Where something else is said on
   * the line as well, less keeps the two apart.
   */
  readonly forgetMs?: number
}
