import type { PropertyType, RawConfig } from './device.ts'

/**
 * What the module of a driver may export as `commandLine`, beside the driver: how people name its
 * devices and the places in them in the manner of the protocol. Without it they are named by
 * `key=value` pairs of the driver's configuration alone. `P` and `V` are those of the driver.
 */
export interface CommandLine<P = unknown, V = unknown> {
  /** The protocol configuration that `192.0.2.7:502` stands for, not checked yet. Throws `invalid_config`. */
  protocol(text: string): RawConfig
  /** The visitor that `holding:10` stands for, not checked yet. Throws `invalid_config`. */
  visitor(text: string): RawConfig
  /**
   * How many characters of a place are its short form, where that has commas or an `=` in it and so
   * cannot be told from `key=value` pairs; undefined: it ends with the first comma.
   */
  headLength?(text: string): number | undefined
  /** How a text that is to be written there is understood; undefined if nothing says. */
  valueType?(visitor: V, protocol: P): PropertyType | undefined
  /**
   * False: what is read there after a write is something else, such as the result of a call, or nothing
   * can be read there at all.
   */
  readsBack?(visitor: V, protocol: P): boolean
  /** A visitor that reads the same place as bytes, as they are in the device; undefined if there are none. */
  raw?(visitor: V, protocol: P): V | undefined
  /** Asks the device who it is, over a connection of its own: what it says, by name. */
  identify?(protocol: P, signal: AbortSignal): Promise<ReadonlyMap<string, string>>
}
