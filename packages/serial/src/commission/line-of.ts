import { createChecker, formatPath, MapperError, type RawConfig } from '@mapper-sdk/core'
import type { WireSettings } from '@mapper-sdk/core/line'
import { paramsOf, wireOf } from '../config/endpoint.ts'
import { normalize } from '../config/dialects.ts'
import { protocolSchema, type SerialProtocol } from '../config/protocol.ts'
import type { Recipe } from '../recipe/recipe.ts'
import { resolveParams } from '../recipe/params.ts'
import type { Values } from '../template/template.ts'

const checker = createChecker(protocolSchema)

/**
 * A line as its words say, whatever speaks on it. Words that are none of a line are settings of a recipe.
 * Throws a MapperError `invalid_config` with all that is wrong.
 */
export function parseLine(raw: RawConfig): SerialProtocol {
  const { value, issues } = checker.check(normalize(raw, 'protocol'), [])
  if (issues.length === 0) return value as SerialProtocol
  const lines = issues.map(({ path, message }) => `${formatPath(path)} ${message}`.trim())
  throw new MapperError('invalid_config', lines.join('\n'))
}

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
