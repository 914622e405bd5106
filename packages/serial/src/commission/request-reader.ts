import { MapperError, type Value } from '@mapper-sdk/core'
import { latin1 } from '../text/latin1.ts'
import type { ReadyExchange, ReadyRecipe } from '../recipe/compile-recipe.ts'
import { own } from '../recipe/recipe-parts.ts'
import { valueWritten } from '../recipe/written.ts'
import { compileTemplateReader } from '../template/read-template.ts'
import type { Values } from '../template/template.ts'

/** A request that was seen on a line. */
export interface SeenRequest {
  readonly kind: 'exchange' | 'write'
  /** Of the exchange or of the write. */
  readonly name: string
  readonly exchange: ReadyExchange
  /** Whether the recipe says what its answer looks like. */
  readonly isParticular: boolean
  /** The settings that it was made with: what is in it counts before what was known. */
  readonly values: Values
  /** Settings that are in it. */
  readonly settings: Readonly<Record<string, string>>
  /** What a write writes. */
  readonly value?: Value
}

/** The request that a payload is; undefined: none of the recipe. */
export type RequestReader = (payload: Uint8Array) => SeenRequest | undefined

/**
 * Tells requests of a recipe by their bytes alone, for whichever device they are. `known` are settings;
 * those that a request has in it need not be among them.
 */
export function createRequestReader(ready: ReadyRecipe, known: Values): RequestReader {
  const { recipe } = ready
  const ofExchanges = [...ready.exchanges].flatMap(([name, exchange]) => {
    const spec = own(recipe.exchanges, name)
    return spec === undefined ? [] : [{ kind: 'exchange' as const, name, exchange, spec }]
  })
  const ofWrites = [...ready.writes].flatMap(([name, exchange]) => {
    const spec = own(recipe.writes, name)
    return spec === undefined ? [] : [{ kind: 'write' as const, name, exchange, spec }]
  })
  // A write that takes any text could be taken for what is always the same.
  const all = [...ofExchanges, ...ofWrites].map((one) => ({
    ...one,
    read: compileTemplateReader(one.spec.request),
  }))

  return (payload) => {
    for (const one of all) {
      const { value: sent, ...settings } = one.read(payload) ?? { value: undefined }
      const value =
        one.kind === 'write' && sent !== undefined ? valueWritten(sent, one.spec) : undefined
      const values = { ...known, ...settings, ...(value !== undefined && { value }) }
      // Only what would be made of it again is what it was made of.
      if (!isSame(payload, () => one.exchange.request(values))) continue
      return {
        ...{ kind: one.kind, name: one.name, exchange: one.exchange, values, settings },
        isParticular: one.spec.response !== undefined,
        ...(value !== undefined && { value }),
      }
    }
    return undefined
  }
}

function isSame(payload: Uint8Array, make: () => Uint8Array): boolean {
  try {
    return latin1(make()) === latin1(payload)
  } catch (thrown) {
    if (thrown instanceof MapperError) return false
    throw thrown
  }
}
