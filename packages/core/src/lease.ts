import type { Connection } from './driver.ts'
import type { SilenceBudget } from './silence-budget.ts'
import type { WatchCall, Watching } from './watches.ts'

/** A device's share in a connection. */
export interface Lease {
  /**
   * Runs one call on the connection, as soon as neither the connection nor the device is busy. Writes go
   * before reads, and devices share the connection by the time that their calls take. Throws a
   * MapperError; `call.started` tells whether the driver was reached.
   */
  run<T>(call: Call<T>): Promise<T>
  /**
   * Watches on the connection that a call got, beside all calls, until it is stopped or the connection is
   * lost or closed. It begins when what the device stopped watching before has settled.
   */
  watch(connection: Connection, call: WatchCall): Watching
  /** A watch has told something: after a loss the connection is tried again soon, as after a good call. */
  proven(): void
  /** What silent devices may take of the connection's time. */
  readonly silence: SilenceBudget
  release(): Promise<void>
}

export interface Call<T> {
  readonly kind: 'read' | 'write'
  readonly signal: AbortSignal
  started?: boolean
  /** Set by `run` if it did not ask the driver for anything: then its end says nothing about the link. */
  unused?: boolean
  /** For how long the call held the connection, or its share of it; set when it is over. */
  tookMs?: number
  readonly run: (connection: Connection, signal: AbortSignal) => Promise<T>
}
