import type { WireSettings } from '@mapper-sdk/core/line'
import { paramsOf, wireOf } from '../config/endpoint.ts'
import type { SerialProtocol } from '../config/protocol.ts'
import type { Recipe } from '../recipe/recipe.ts'
import { resolveParams } from '../recipe/params.ts'
import type { Values } from '../template/template.ts'

/** The line that a protocol configuration names, set as it says, else as the recipe does. */
export const lineOf = (protocol: SerialProtocol, recipe?: Recipe): WireSettings =>
  wireOf(protocol, recipe?.line)

/**
 * The settings that are given or have a default. Whoever only listens need not know the others. Throws a
 * MapperError `invalid_config` for those that are wrong or not of the recipe.
 */
export function knownSettings(recipe: Recipe, protocol: SerialProtocol): Values {
  const given = paramsOf(protocol)
  const params = Object.entries(recipe.params ?? {}).filter(
    ([name, param]) => param.default !== undefined || Object.hasOwn(given, name),
  )
  return resolveParams({ ...recipe, params: Object.fromEntries(params) }, given)
}
