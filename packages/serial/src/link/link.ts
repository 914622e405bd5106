import type { MapperError } from '@mapper-sdk/core'
import type { Groups } from '../match/match.ts'
import type { ReadyExchange } from '../recipe/compile-recipe.ts'
import type { Values } from '../template/template.ts'

/** A frame that was meant, and what its match found. */
export interface Received {
  readonly payload: Uint8Array
  readonly groups: Groups
}

export interface AskOptions {
  /** Before what others on the line want; default: false */
  readonly urgent?: boolean
  readonly signal: AbortSignal
}

/**
 * One device on a line that others share. Everything it is asked has a turn of its own, with all that has
 * to go before it; nothing is asked twice.
 */
export interface SerialLink {
  /**
   * Sends a request and waits for its answer; undefined: none is to come. Rejects with a MapperError:
   * `bad_data` for values that no request can have, before anything is sent, and for frames that are hurt;
   * `timeout` when there is no answer; what the recipe says of an error of the device; `unreachable` when
   * the line is lost; `canceled`, or `timeout` for a deadline, from the signal.
   */
  ask(exchange: ReadyExchange, values: Values, options: AskOptions): Promise<Received | undefined>
  /** Tells of every good frame that answers nothing, until the returned function is called. */
  hear(onFrame: (payload: Uint8Array) => void): () => void
  /** Begins anew with the device, as after connecting. Rejects as `ask` does. */
  begin(signal: AbortSignal): Promise<void>
  /** Resolves when the signal aborts; rejects when the line is lost, or the link closed. */
  over(signal: AbortSignal): Promise<void>
  /** A hint at what may be wrong, if bytes came since the last call and no frame was among them. */
  garbage(): string | undefined
  /** Aborts when the line is lost or the link closed, with the reason. */
  readonly ended: AbortSignal
  /** Why the line is gone for good, if it is. */
  readonly failed: MapperError | undefined
  /** Ends with the device, as the recipe says, and gives the share in the line back. */
  close(): Promise<void>
}
