import { MapperError, type Outcome, type Value } from '@mapper-sdk/core'
import type { Received } from '../link/link.ts'
import type { ReadyValue } from '../recipe/compile-recipe.ts'

/** A value in what was received, or why there is none. */
export function valueIn({ extract }: ReadyValue, { payload, groups }: Received): Outcome<Value> {
  try {
    return { ok: true, value: extract(payload, groups) }
  } catch (thrown) {
    return { ok: false, error: MapperError.from(thrown, 'bad_data') }
  }
}
