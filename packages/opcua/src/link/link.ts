import type { MapperError } from '@mapper-sdk/core'
import type { ServerFacts } from './server-facts.ts'
import type { Session } from './session.ts'

/**
 * A session with a server, as all other rooms use it. It outlives interruptions: while the server may
 * still hold the session, it is resumed. What cannot be resumed is lost, and core opens a new one.
 */
export interface OpcuaLink {
  /** What the server said of itself when the session began. */
  readonly facts: ServerFacts
  /** Why nothing can be asked right now, if so; `lost` says that it stays like that. */
  readonly trouble: { readonly error: MapperError; readonly lost: boolean } | undefined
  /**
   * One request, with the deadline of the protocol config. Throws a MapperError: the signal's reason,
   * `timeout`, the trouble of the link, or what the server said of the request as a whole.
   */
  ask<T>(what: string, run: (session: Session) => Promise<T>, signal: AbortSignal): Promise<T>
  /**
   * For requests whose answer may take its time, such as Publish: the session itself, while there is no
   * trouble.
   */
  readonly session: Session | undefined
  /** Tells of interruptions until the returned function is called. */
  listen(listener: LinkListener): () => void
  /** Says that the link is beyond repair, for what only the caller can see. */
  lose(error: MapperError): void
  close(): Promise<void>
}

export interface LinkListener {
  interrupted(error: MapperError): void
  /**
   * The session goes on. `sameSession` is false if the server had forgotten it and gave a new one, without
   * the subscriptions, though with the same namespaces and since the same start.
   */
  resumed(sameSession: boolean): void
  lost(error: MapperError): void
}
