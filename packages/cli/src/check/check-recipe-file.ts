import { readFileSync } from 'node:fs'
import path from 'node:path'
import { MapperError } from '@mapper-sdk/core'
import type { Source } from './document.ts'
import type { Finding } from './finding.ts'
import type { RuleName } from './rules.ts'

/** What is wrong with a recipe. */
export async function checkRecipeFile({ file, text }: Source): Promise<readonly Finding[]> {
  const { compileRecipe, parseRecipe } = await import('@mapper-sdk/serial')
  return told('recipe', file, () => compileRecipe(parseRecipe(text, file)))
}

/** What is wrong with a simulator script; reads the recipe beside it. */
export async function checkScriptFile({ file, text }: Source): Promise<readonly Finding[]> {
  const [{ parseRecipe }, { parseSimulatorScript }] = await Promise.all([
    import('@mapper-sdk/serial'),
    import('@mapper-sdk/serial/simulator'),
  ])
  const recipeOf = (name: string) => {
    const beside = path.join(path.dirname(file), name)
    try {
      return parseRecipe(readFileSync(beside, 'utf8'), beside)
    } catch (thrown) {
      // What is wrong in the recipe is told of the recipe.
      const why = thrown instanceof MapperError ? 'has mistakes' : 'cannot be read'
      throw new MapperError('invalid_config', `${file}:1:1: the recipe ${beside} ${why}`)
    }
  }
  return told('simulator-script', file, () => parseSimulatorScript(text, file, recipeOf))
}

/** What is wrong with a transcript. */
export async function checkTranscriptFile({ file, text }: Source): Promise<readonly Finding[]> {
  const { parseTranscript } = await import('@mapper-sdk/serial')
  return told('transcript', file, () => parseTranscript(text, file))
}

function told(rule: RuleName, file: string, parse: () => unknown): readonly Finding[] {
  try {
    parse()
    return []
  } catch (thrown) {
    const error = MapperError.from(thrown)
    if (error.code === 'internal') throw error
    return error.detail.split('\n').map((line) => findingOf(rule, file, line))
  }
}

/** A problem as the parser tells it: `file:line:column: what`. */
function findingOf(rule: RuleName, file: string, text: string): Finding {
  const [, line = '1', column = '1', message = text] = /^.*?:(\d+):(\d+): (.*)$/s.exec(text) ?? []
  const place = { file, line: Number(line), column: Number(column) }
  return { rule, severity: 'error', ...place, path: '', message }
}
