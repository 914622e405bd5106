import type { MapperError } from '@mapper-sdk/core'

/** How long a node that is missing or closed to us is not asked for again, in ms. */
const restMs = 30_000

/**
 * Nodes that the server does not have or does not give to us. They are asked for seldom, so that they
 * cost the others nothing, but they are asked for: a node may come.
 */
export interface Quarantine {
  /** Why it is not worth asking right now. */
  why(what: object, now: number): MapperError | undefined
  /** It is not there, or not for us. */
  rest(what: object, error: MapperError, now: number): void
  /** It is there after all. */
  release(what: object): void
}

export function createQuarantine(): Quarantine {
  const resting = new WeakMap<object, { readonly error: MapperError; readonly until: number }>()
  return {
    why(what, now) {
      const rest = resting.get(what)
      return rest !== undefined && now < rest.until ? rest.error : undefined
    },
    rest: (what, error, now) => void resting.set(what, { error, until: now + restMs }),
    release: (what) => void resting.delete(what),
  }
}
