import { MapperError } from '@mapper-sdk/core'
import { compileExtract } from '../extract/extract.ts'
import { checkFrameSpec } from '../frame/check-frame-spec.ts'
import type { FrameSpec } from '../frame/frame-spec.ts'
import { compileMatch } from '../match/match.ts'
import type { MatchSpec } from '../match/match-spec.ts'
import type { SpecProblem } from '../schema-parts.ts'
import { compileTemplate } from '../template/template.ts'
import { parseBytes } from '../text/bytes-text.ts'
import { checkParam, paramValue } from './params.ts'
import type { Exchange, Recipe, RecipeValue, RecipeWrite } from './recipe.ts'
import { ownWords } from './own-words.ts'
import { groupsOf, own, paramNames } from './recipe-parts.ts'

type Path = SpecProblem['path']

/** All that is wrong with a recipe that passed `recipeSchema`, and that no schema can say. */
export function checkRecipe(recipe: Recipe): readonly SpecProblem[] {
  const problems: SpecProblem[] = []
  const wrong = (path: Path, message: string) => void problems.push({ path, message })
  const attempt = <T>(path: Path, action: () => T): T | undefined => {
    try {
      return action()
    } catch (thrown) {
      wrong(path, MapperError.from(thrown).detail)
      return undefined
    }
  }
  const params = paramNames(recipe)
  const used = new Set<string>()
  const use = (names: readonly string[] | undefined) => names?.forEach((name) => used.add(name))

  function checkMatch(path: Path, match: MatchSpec, names: readonly string[]): void {
    use(attempt(path, () => compileMatch(match, names))?.names)
  }

  function checkExchange(path: Path, one: Exchange, names: readonly string[]): void {
    const requestPath = [...path, 'request']
    const request = attempt(requestPath, () => compileTemplate(one.request, names))
    use(request?.names)
    if (names.includes('value') && request?.names.includes('value') === false) {
      wrong(requestPath, 'does not have {value}, so that nothing would be set; add it')
    }
    if (one.response !== undefined) checkMatch([...path, 'response'], one.response, names)
    for (const [index, { match }] of (one.errors ?? []).entries()) {
      checkMatch([...path, 'errors', index, 'match'], match, names)
    }
    checkFrame([...path, 'frame'], one.frame, wrong)
    one.first?.forEach((name, index) => {
      const firstPath = [...path, 'first', index]
      checkReference(firstPath, name)
      if (own(recipe.exchanges, name)?.first !== undefined) {
        wrong(firstPath, `is ${name}, which has a first of its own; list all of them here`)
      }
    })
    if (one.noResponse !== true) return
    for (const key of ['response', 'errors', 'frame'] as const) {
      if (one[key] !== undefined) {
        wrong([...path, key], 'contradicts noResponse: true; remove one of them')
      }
    }
  }

  function checkValue(path: Path, value: RecipeValue): void {
    const exchange = own(recipe.exchanges, value.from)
    if (exchange === undefined && own(recipe.streams, value.from) === undefined) {
      const names = [...Object.keys(recipe.exchanges ?? {}), ...Object.keys(recipe.streams ?? {})]
      return wrong([...path, 'from'], `is ${value.from}, ${notAmong(names)}`)
    }
    if (exchange?.noResponse === true) {
      return wrong([...path, 'from'], `is ${value.from}, which has no response to take it from`)
    }
    try {
      compileExtract(value, groupsOf(recipe, value.from))
    } catch (thrown) {
      // A match that is wrong is told of at its own place.
      const { detail } = MapperError.from(thrown)
      if (problems.every((problem) => problem.message !== detail)) wrong(path, detail)
    }
  }

  function checkWrite(path: Path, write: RecipeWrite): void {
    checkExchange(path, write, [...params, 'value'])
    const { type = 'number', minimum, maximum, readBack } = write
    for (const key of ['minimum', 'maximum', 'scale'] as const) {
      if (write[key] !== undefined && type !== 'number' && type !== 'integer') {
        wrong([...path, key], `is for numbers, but type is ${type}`)
      }
    }
    if (minimum !== undefined && maximum !== undefined && minimum > maximum) {
      wrong([...path, 'maximum'], `is ${maximum}, which is less than minimum: ${minimum}`)
    }
    if (write.scale !== undefined && write.lookup !== undefined) {
      wrong([...path, 'scale'], 'contradicts lookup, which says what is sent; remove one of them')
    }
    if (readBack === undefined) return
    const value = own(recipe.values, readBack)
    if (value === undefined) {
      const names = Object.keys(recipe.values ?? {})
      wrong([...path, 'readBack'], `is ${readBack}, ${notAmong(names)}`)
    } else if (own(recipe.streams, value.from) !== undefined) {
      wrong(
        [...path, 'readBack'],
        `is ${readBack}, which comes from a stream and cannot be asked for`,
      )
    }
  }

  function checkReference(path: Path, name: string): void {
    if (own(recipe.exchanges, name) !== undefined) return
    wrong(path, `is ${name}, ${notAmong(Object.keys(recipe.exchanges ?? {}))}`)
  }

  checkFrames(recipe, wrong)
  attempt(['reserved'], () => parseBytes(recipe.reserved ?? ''))
  checkNames(recipe, wrong)
  for (const [name, param] of Object.entries(recipe.params ?? {})) {
    const { default: given, minimum = -Infinity, maximum = Infinity } = param
    if (minimum > maximum) {
      wrong(['params', name, 'maximum'], `is ${maximum}, which is less than minimum: ${minimum}`)
    }
    if (param.pattern !== undefined) {
      attempt(['params', name, 'pattern'], () => checkParam(param))
    }
    if (given !== undefined)
      attempt(['params', name, 'default'], () => paramValue(name, given, param))
  }
  for (const [name, one] of Object.entries(recipe.exchanges ?? {})) {
    checkExchange(['exchanges', name], one, params)
    if (own(recipe.streams, name) !== undefined) {
      wrong(['streams', name], 'is the name of an exchange as well; rename one')
    }
  }
  for (const [name, { match }] of Object.entries(recipe.streams ?? {})) {
    checkMatch(['streams', name, 'match'], match, params)
  }
  for (const [name, one] of Object.entries(recipe.values ?? {})) checkValue(['values', name], one)
  for (const [name, one] of Object.entries(recipe.writes ?? {})) checkWrite(['writes', name], one)
  for (const key of ['init', 'shutdown'] as const) {
    recipe[key]?.forEach((name, index) => checkReference([key, index], name))
  }
  if (recipe.keepAlive !== undefined) {
    checkReference(['keepAlive', 'exchange'], recipe.keepAlive.exchange)
  }
  for (const name of params) {
    if (!used.has(name)) wrong(['params', name], `is never used; write {${name}} or remove it`)
  }
  if (Object.keys({ ...recipe.values, ...recipe.writes }).length === 0) {
    wrong([], 'has neither values nor writes, so that it can do nothing; add values')
  }
  return problems
}

type Wrong = (path: Path, message: string) => void

function checkFrame(path: Path, spec: FrameSpec | undefined, wrong: Wrong): void {
  const problem = spec === undefined ? undefined : checkFrameSpec(spec)
  if (problem !== undefined) wrong([...path, ...problem.path], problem.message)
}

function checkFrames(recipe: Recipe, wrong: Wrong): void {
  for (const key of ['frame', 'send'] as const) checkFrame([key], recipe[key], wrong)
  // What frames by a pattern look like, it cannot make.
  if ((recipe.send ?? recipe.frame).type !== 'pattern' || !asks(recipe)) return
  const key = recipe.send === undefined ? 'frame' : 'send'
  if (recipe.send === undefined) {
    wrong([key], 'is a pattern, which says nothing of how requests are framed; add send')
  } else wrong([key], 'is a pattern, which cannot say how requests are framed; use another type')
}

const asks = (recipe: Recipe) => Object.keys({ ...recipe.exchanges, ...recipe.writes }).length > 0

function checkNames(recipe: Recipe, wrong: Wrong): void {
  for (const key of ['params', 'exchanges', 'streams', 'values', 'writes'] as const) {
    const names = Object.keys(recipe[key] ?? {})
    if (names.length > 1000) wrong([key], 'has more than 1000 names')
    for (const name of names) {
      const form = key === 'params' ? /^[A-Za-z_][A-Za-z0-9_]{0,63}$/ : /^[A-Za-z][\w-]{0,63}$/
      if (!form.test(name)) {
        wrong([key, name], 'is no name; write letters and digits, a letter first, 64 at most')
      } else if (key === 'params' && name === 'value') {
        wrong([key, name], 'is what a write sets; rename it')
      } else if (key === 'params' && ownWords.has(name.toLowerCase())) {
        wrong([key, name], 'is a word of every device on a line; rename it')
      }
    }
  }
}

const notAmong = (names: readonly string[]) =>
  names.length === 0 ? 'but there is none' : `which is not there; there are ${names.join(', ')}`
