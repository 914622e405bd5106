/** Why bytes are no good frame. */
export type BadReason =
  /** They belong to no frame. */
  | 'noise'
  /** No end within `maxLength`. */
  | 'too-long'
  /** No room for all the parts that a frame has. */
  | 'too-short'
  /** Silence, or the start of another frame, before the end. */
  | 'incomplete'
  | 'checksum'
  /** The length field says what no frame can have. */
  | 'length'
  /** Something else where the end must be. */
  | 'end'
  /** Escapes, COBS or hexadecimal digits that mean nothing. */
  | 'coding'

/** Reasons that no noise gives: something was sent here, and came hurt. */
export const isHurt = (reason: BadReason): boolean =>
  ['checksum', 'length', 'end', 'coding', 'too-long'].includes(reason)

/** Its bytes may be views of the same memory, which the framer leaves as it is. Copy what you change or keep. */
export interface GoodFrame {
  readonly good: true
  /** What the frame carries: without start, end, escapes, length field and checksum. */
  readonly payload: Uint8Array
  /** All its bytes, as they came. */
  readonly raw: Uint8Array
  /** Bytes that came before it since the framer was made or reset. */
  readonly offset: number
  /** When its last byte came, or when the silence was long enough that ended it. */
  readonly atMs: number
}

export interface BadFrame {
  readonly good: false
  readonly reason: BadReason
  readonly raw: Uint8Array
  readonly offset: number
  readonly atMs: number
}

/** A piece of what came in. All pieces follow each other; only empty frames between them are left out. */
export type Frame = GoodFrame | BadFrame

/** All since the framer was made. */
export interface FrameCounters {
  readonly bytes: number
  readonly good: number
  readonly bad: Readonly<Record<BadReason, number>>
  /** How often a byte was looked at; at most a fixed number of times for each byte that came in. */
  readonly looks: number
}

/** Finds frames in a stream of bytes. No clock and no timer: whoever reads the line tells the time. */
export interface Framer {
  /** The frames that these bytes complete, in their order. They came at `atMs`, on any steady clock. */
  push(bytes: Uint8Array, atMs: number): readonly Frame[]
  /** When silence will have ended what has begun; undefined: nothing has, or silence ends no frame. */
  readonly dueAt: number | undefined
  /** To be called at `dueAt`; earlier it does nothing. */
  flush(atMs: number): readonly Frame[]
  /** Ends whatever has begun, as silence would: the connection is gone, or the device had its time. */
  finish(atMs: number): readonly Frame[]
  /** A whole frame around a payload. Throws a MapperError `invalid_config` if no frame can carry it. */
  encode(payload: Uint8Array): Uint8Array
  /** Forgets all bytes, but not the counters. */
  reset(options?: ResetOptions): void
  /** Bytes kept, for the frame that is not complete; never more than `maxLength`. */
  readonly held: number
  readonly counters: FrameCounters
}

export interface ResetOptions {
  /**
   * The next byte may be one in the middle of a frame, because the device sends on its own. Where nothing
   * marks the start of a frame, all is noise up to the first end or silence: the rest of a frame could be
   * taken for a whole one. Default: false, as after a request on a quiet line
   */
  readonly midStream?: boolean
}
