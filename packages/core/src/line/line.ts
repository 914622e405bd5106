import type { Memory } from '../store.ts'
import type { MapperError } from '../errors.ts'
import type { WireSettings } from './wire.ts'

/**
 * A share in a wire that others use too: devices of this mapper, of other mappers in the process, of
 * other protocols. Each speaks in its turn, and all bytes that come in until the next turn are its own.
 */
export interface Line {
  /** As people write it: `/dev/ttyUSB0 at 9600 8N1`, `192.0.2.7:4001`. */
  readonly name: string
  /** Time of one character on the wire, in ms; 0 where it is not known. */
  readonly characterMs: number
  /**
   * What is known of what is at the other end, common to all who share the wire, now and later: what a
   * device still has to say does not end with a connection.
   */
  readonly memory: Memory
  /** When the last byte came, for whomever, on the clock of `performance.now()`. */
  readonly lastByteAt: number
  /** Why the line is gone for good, if it is. */
  readonly lost: MapperError | undefined
  /**
   * Runs when nobody else has the turn, urgent ones first, the others by how much of the line's time
   * they had. Rejects without running when the signal aborts or the line is lost. A turn is one exchange
   * with all its silence around it: whoever takes it must leave the line clean, or wait until it is.
   */
  turn<T>(
    run: () => Promise<T>,
    options: { readonly urgent?: boolean; readonly signal: AbortSignal },
  ): Promise<T>
  /** Only in one's own turn. Resolves when the system has taken all bytes. */
  write(bytes: Uint8Array): Promise<void>
  /** Only in one's own turn. Throws away what the system has received and nobody has seen. */
  discardInput(): Promise<void>
  /**
   * At most one of each. With `onMissed` also what comes outside of all turns, because a device speaks
   * unasked, is heard; it says that others had bytes in a turn of theirs, so that what had begun is cut.
   */
  listen(
    onBytes: (bytes: Buffer) => void,
    onLost: (reason: MapperError) => void,
    onMissed?: () => void,
  ): void
  /**
   * Ends the wire for all who share it, with this reason: for a connection that may hold back bytes
   * for any time, so that no silence would make it clean again.
   */
  drop(reason: MapperError): void
  /** Gives the share back; the last one closes the wire. Any number of times. */
  close(): Promise<void>
}

/** The lines of a process: each wire is opened once, for all who want it. */
export interface Lines {
  /**
   * A share in the wire with these settings. Rejects with `invalid_config` if it is open with other
   * settings or the path is no serial port, else with `unreachable`, `access_denied`, `timeout` or
   * `canceled`.
   */
  open(settings: WireSettings, signal: AbortSignal): Promise<Line>
}
