import type { MapperError, Outcome, Value } from '@mapper-sdk/core'
import type { BadReason } from '../frame/frame.ts'

/** To the device, from it, or on a line where nobody can tell. */
export type Direction = 'sent' | 'received' | 'unknown'

/** A value of a recipe in a frame. */
export interface NamedValue {
  readonly name: string
  readonly unit?: string
  readonly outcome: Outcome<Value>
}

/** What a frame was taken for; `of` names the exchange, the write or the stream. */
export type Taken =
  | {
      readonly kind: 'request'
      readonly of: string
      readonly isWrite: boolean
      /** Settings that are in it, such as an address. */
      readonly settings: Readonly<Record<string, string>>
      /** What a write writes. */
      readonly value?: Value
    }
  | {
      readonly kind: 'answer'
      readonly of: string
      readonly values: readonly NamedValue[]
      /** So long after its time, in ms. */
      readonly lateMs?: number
    }
  | { readonly kind: 'error'; readonly of: string; readonly error: MapperError }
  | { readonly kind: 'stream'; readonly of: string; readonly values: readonly NamedValue[] }
  /** A good frame that the recipe knows nothing of. */
  | { readonly kind: 'other' }
  /** A good frame, where there is no recipe to say more. */
  | { readonly kind: 'frame' }
  | { readonly kind: 'hurt'; readonly reason: BadReason }

/** A frame that was seen on a line, or what is none. */
export interface Sighting {
  readonly direction: Direction
  /** When its last byte came, on the clock of whoever tells the time. */
  readonly atMs: number
  /** All its bytes, as they came. */
  readonly raw: Uint8Array
  readonly taken: Taken
}
