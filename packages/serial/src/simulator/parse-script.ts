import { MapperError, createChecker, formatPath, type Checker } from '@mapper-sdk/core'
import type { Recipe } from '../recipe/recipe.ts'
import { numericKeys, readYamlText } from '../recipe/yaml-text.ts'
import { withoutDefaults } from '../schema-parts.ts'
import { checkScript } from './check-script.ts'
import { simulatorScriptSchema, type SimulatorScript } from './simulator-script.ts'

// Made when it is needed: it takes long, and who only plays transcripts needs none.
let checker: Checker | undefined
const numbers = numericKeys(simulatorScriptSchema)

export interface ParsedScript {
  readonly script: SimulatorScript
  readonly recipe: Recipe
}

/**
 * Reads a simulator script; `recipeOf` reads the recipe that it names. Throws a MapperError
 * `invalid_config` with all that is wrong, a line each: `file:line:column: path what`.
 */
export function parseSimulatorScript(
  yamlText: string,
  file: string,
  recipeOf: (file: string) => Recipe,
): ParsedScript {
  const { value: raw, place } = readYamlText(yamlText, file, numbers)
  checker ??= createChecker(withoutDefaults(simulatorScriptSchema))
  const { value, issues } = checker.check(raw, [])
  const refuse = (
    problems: readonly {
      readonly path: readonly (string | number)[]
      readonly message: string
    }[],
  ) => {
    const lines = problems
      .slice(0, 20)
      .map(({ path, message }) => `${place(path)}: ${`${formatPath(path)} ${message}`.trim()}`)
    return new MapperError('invalid_config', lines.join('\n'))
  }
  if (issues.length > 0) {
    throw refuse(
      issues.map(({ path, message }) => ({
        path,
        message: message.replace('is not known and ignored', 'is not known'),
      })),
    )
  }
  const script = value as SimulatorScript
  const recipe = recipeOf(script.recipe)
  const problems = checkScript(script, recipe)
  if (problems.length > 0) throw refuse(problems)
  return { script, recipe }
}
