import type { FaultScript } from './faults.ts'

/** A running simulated device. */
export interface ModbusSimulator {
  /** Requests received so far. */
  readonly requests: number
  /** Replaces the fault script; none ends all faults. */
  faults(script?: FaultScript): void
  /** While muted, requests are received and nothing is answered. */
  mute(muted: boolean): void
  close(): Promise<void>
}

export interface SimulatorOptions {
  readonly faults?: FaultScript
  /** Every answer waits this long; 0 if left out. */
  readonly delayMs?: number
}
