import type { Lines } from './line/line.ts'
import type { Logger } from './log.ts'
import type { Memory } from './store.ts'

/** What a driver gets to connect with. */
export interface ConnectContext {
  /** Aborts when the connection is no longer wanted or the time to connect is over. */
  readonly signal: AbortSignal
  readonly logger: Logger
  readonly memory: Memory
  /** Serial lines and their like, shared with all drivers and mappers of the process. */
  readonly lines: Lines
  /**
   * A folder that outlives the process, for files of the driver's own (certificates); undefined if the
   * mapper keeps none. It may not exist yet: who needs it makes it.
   */
  readonly folder: string | undefined
  /** Files that are the mapper's own (configuration, token); `fileOfResource` keeps them closed. */
  readonly ownFiles?: readonly string[]
}
