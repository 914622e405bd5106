import type { Received } from '../link/link.ts'
import { valueIn } from '../read/value-in.ts'
import type { ReadyRecipe } from '../recipe/compile-recipe.ts'
import { own } from '../recipe/recipe-parts.ts'
import type { NamedValue } from './sighting.ts'

/** All values of a recipe that come from an exchange or a stream, in one of its frames. */
export const namedValues = (
  ready: ReadyRecipe,
  from: string,
  received: Received,
): readonly NamedValue[] =>
  [...ready.values].flatMap(([name, value]) => {
    if (value.from !== from) return []
    const unit = own(ready.recipe.values, name)?.unit
    return [{ name, outcome: valueIn(value, received), ...(unit !== undefined && { unit }) }]
  })
