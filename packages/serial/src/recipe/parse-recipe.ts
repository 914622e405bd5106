import { MapperError, createChecker, formatPath, type Checker } from '@mapper-sdk/core'
import { withoutDefaults } from '../schema-parts.ts'
import { checkRecipe } from './check-recipe.ts'
import { recipeSchema, type Recipe } from './recipe.ts'
import { numericKeys, readYamlText } from './yaml-text.ts'

// Made when it is needed: it takes a large part of the time in which a program starts.
let checker: Checker | undefined
const numbers = numericKeys(recipeSchema)

/**
 * Reads a recipe. Throws a MapperError `invalid_config` with all that is wrong, a line each:
 * `file:line:column: path what, and what to write instead`.
 */
export function parseRecipe(yamlText: string, file: string): Recipe {
  const { value: raw, place } = readYamlText(yamlText, file, numbers)
  checker ??= createChecker(withoutDefaults(recipeSchema))
  const { value, issues } = checker.check(raw, [])
  const problems = issues.map(({ path, message }) => ({
    path,
    // What is not known would do nothing, and a recipe is shared: that is an error.
    message: message.replace('is not known and ignored', 'is not known'),
  }))
  if (problems.length === 0)
    problems.push(...checkRecipe(value as Recipe).map((one) => ({ ...one })))
  if (problems.length === 0) return value as Recipe
  const lines = problems
    .slice(0, 20)
    .map(({ path, message }) => `${place(path)}: ${`${formatPath(path)} ${message}`.trim()}`)
  throw new MapperError('invalid_config', lines.join('\n'))
}
