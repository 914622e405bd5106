import type { MapperError } from './errors.ts'

/** A value as a device has it. Integers beyond 2^53 are bigints; raw bytes are a Uint8Array. */
export type Value = boolean | number | bigint | string | Uint8Array

/** What became of one item of a batch: a value, or the reason why there is none. */
export type Outcome<T> =
  | {
      readonly ok: true
      readonly value: T
      /** When the value was true, in ms since 1970, if the device itself says so. */
      readonly at?: number
      /** The device says that the value may be off; it is reported, and marked where that is possible. */
      readonly uncertain?: true
    }
  | { readonly ok: false; readonly error: MapperError }
