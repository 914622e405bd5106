import type { Value } from '@mapper-sdk/core'
import type { ReadItem } from '../read/plan.ts'
import type { RegisterChange } from './register-change.ts'

/** A coil or discrete input made ready. */
export interface CompiledBit extends ReadItem {
  readonly kind: 'bit'
  decode(set: boolean): Value
  /** Throws `bad_data` if the value is no bit. */
  encode(value: Value): boolean
}

/** A value in registers made ready. One request must read all `count` registers from `address` on. */
export interface CompiledRegisters extends ReadItem {
  readonly kind: 'registers'
  /**
   * The value in an answer whose byte `at` is the first of `address`. Throws `bad_data` if there is
   * none, `unsupported` if the device says that it has none.
   */
  decode(view: DataView, at: number): Value
  /** What must be read of the device before a write, because `encode` depends on it. */
  readonly readFirst?: ReadItem
  /**
   * What a write changes; it may be less than what is read. `first` are the bytes of `readFirst`, if
   * there is one. Throws `bad_data` if the value does not fit; for `first` as `decode` does.
   */
  encode(value: Value, first?: Uint8Array): RegisterChange
}

/** A visitor made ready: where it is, and how to turn its bits or registers into a value and back. */
export type Compiled = CompiledBit | CompiledRegisters
