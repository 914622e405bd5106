import {
  MapperError,
  integerOf,
  integerValue,
  limitProblem,
  parseDecimal,
  decimalNumber,
  type Value,
} from '@mapper-sdk/core'
import type { Values } from '../template/template.ts'
import { compileSafePattern } from '../text/safe-pattern.ts'
import type { Param, Recipe } from './recipe.ts'

/**
 * The settings of one device, with the defaults of the recipe. Throws a MapperError `invalid_config` that
 * names the setting: it is missing, not known, of another type, or beyond its limits.
 */
export function resolveParams(
  recipe: Recipe,
  given: Readonly<Record<string, string | number>>,
): Values {
  const params = Object.entries(recipe.params ?? {})
  const known = params.map(([name]) => name)
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue
    const list = known.length === 0 ? 'has none' : `has ${known.join(', ')}`
    throw new MapperError(
      'invalid_config',
      `${name} is no setting of ${recipe.name}, which ${list}`,
    )
  }
  return Object.fromEntries(
    params.map(([name, param]) => {
      const value = Object.hasOwn(given, name) ? given[name] : param.default
      if (value === undefined) {
        const why = param.description === undefined ? '' : ` (${param.description})`
        throw wrong(`${name} is missing; add it${why}`)
      }
      return [name, paramValue(name, value, param)]
    }),
  )
}

/** One setting as its type wants it. */
export function paramValue(name: string, given: string | number, param: Param): Value {
  const { type = 'text', minimum, maximum } = param
  if (type === 'text') {
    const text = String(given)
    if (param.pattern === undefined || compileSafePattern(param.pattern).test(text)) return text
    throw wrong(
      `${name} is ${JSON.stringify(text.slice(0, 60))}, but must look like ${param.pattern}`,
    )
  }
  const decimal = parseDecimal(String(given))
  const integer = decimal === undefined ? undefined : integerOf(decimal)
  if (decimal === undefined || (type === 'integer' && integer === undefined)) {
    const wanted = type === 'integer' ? 'a whole number' : 'a number'
    throw new MapperError(
      'invalid_config',
      `${name} is ${JSON.stringify(given)}, but must be ${wanted}`,
    )
  }
  const value = integer === undefined ? decimalNumber(decimal) : integerValue(integer)
  const problem = limitProblem(value, {
    ...(minimum !== undefined && { minimum }),
    ...(maximum !== undefined && { maximum }),
  })
  if (problem === undefined) return value
  throw wrong(`${name}: ${problem}`)
}

/** Throws a MapperError `invalid_config` if no text could ever be right. */
export function checkParam({ type = 'text', pattern = '' }: Param): void {
  if (type !== 'text') throw wrong(`is for texts, but type is ${type}`)
  compileSafePattern(pattern)
}

const wrong = (detail: string) => new MapperError('invalid_config', detail)
