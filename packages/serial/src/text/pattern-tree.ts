import type { CharSet } from './char-set.ts'

/** What a regular expression is made of. No list is empty, and no set of characters. */
export type PatternNode =
  | { readonly kind: 'chars'; readonly set: CharSet }
  | { readonly kind: 'sequence'; readonly items: readonly PatternNode[] }
  | { readonly kind: 'choice'; readonly branches: readonly PatternNode[] }
  | { readonly kind: 'repeat'; readonly body: PatternNode; readonly times: Times }
  /** Its text is kept. */
  | { readonly kind: 'named'; readonly body: PatternNode }

export interface Times {
  readonly min: number
  /** Infinity: without a limit. */
  readonly max: number
  /** As few as possible. */
  readonly lazy: boolean
}

/** A regular expression, taken apart. */
export interface PatternTree {
  /** Only the beginning of the text will do. */
  readonly fromStart: boolean
  /** Only the end of the text will do. */
  readonly toEnd: boolean
  readonly body: PatternNode
}
