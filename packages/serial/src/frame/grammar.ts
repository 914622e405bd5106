import type { BadReason } from './frame.ts'

/** What a grammar makes of the bytes from where a frame may start. Indices are those of the bytes given. */
export type Verdict =
  /** More bytes are needed. */
  | 'more'
  /** No frame starts here. */
  | 'none'
  | Good
  | Bad
  /** An empty frame, which nobody wants to see. */
  | { readonly kind: 'fill'; readonly end: number }

export interface Good {
  readonly kind: 'good'
  /** Where it starts, if that is not where it was looked for. */
  readonly start?: number
  readonly end: number
  readonly payload: Uint8Array
}

/** A frame starts here, but is bad. */
export interface Bad {
  readonly kind: 'bad'
  readonly reason: BadReason
  readonly start?: number
  readonly end: number
  /** Where the next frame may start, at most `end`. */
  readonly resume: number
}

/**
 * The rules of one way of framing. What it says about bytes must not change when more follow: then the
 * same stream gives the same frames, in whatever pieces it comes.
 */
export interface Grammar {
  /** The most bytes at the end of what came that may be the beginning of a start. */
  readonly slack: number
  /** Whether a frame may start at any byte, so that the bytes of a bad one are searched for others. */
  readonly slides: boolean
  /** The first place in `bytes[from … to)` where a frame starts; if none is found, where one still may. */
  seek(bytes: Uint8Array, from: number, to: number): Place
  /** A frame starts: `judge` is asked about it, again and again as bytes come in. */
  open(): void
  /** `silent`: nothing more will come. */
  judge(bytes: Uint8Array, start: number, to: number, silent: boolean): Verdict
  /** The place where frames start is lost; seek it by other means. */
  lose(): void
  /** What comes next comes after silence, or from the middle of a frame. */
  reset(midStream: boolean): void
  readonly looks: number
}

export interface Place {
  readonly found: boolean
  readonly at: number
}
