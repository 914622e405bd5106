import { MapperError } from '@mapper-sdk/core'
import { compileExpression } from '../extract/expression.ts'
import { compileExtract } from '../extract/extract.ts'
import { checkFrameSpec } from '../frame/check-frame-spec.ts'
import { compileMatch } from '../match/match.ts'
import { latin1 } from '../text/latin1.ts'
import { resolveParams } from '../recipe/params.ts'
import type { Recipe } from '../recipe/recipe.ts'
import { own, paramNames } from '../recipe/recipe-parts.ts'
import type { SpecProblem } from '../schema-parts.ts'
import { compileTemplate } from '../template/template.ts'
import { stateValue } from './device-state.ts'
import type {
  ScriptAnswer,
  ScriptSend,
  ScriptSet,
  ScriptState,
  SimulatorScript,
} from './simulator-script.ts'

type Path = SpecProblem['path']

/** The frames of an answer or of what is sent, one template each. */
export const frameTexts = (payload: string | readonly string[] | undefined): readonly string[] =>
  payload === undefined ? [] : typeof payload === 'string' ? [payload] : payload

/** All that is wrong with a script that passed `simulatorScriptSchema`, and that no schema can say. */
export function checkScript(script: SimulatorScript, recipe: Recipe): readonly SpecProblem[] {
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
  const states = script.state ?? {}
  const params = paramNames(recipe)
  const names = [...params, ...Object.keys(states)]

  function checkState(name: string, spec: ScriptState): void {
    const path = ['state', name]
    const { vary, type = 'number' } = spec
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(name)) {
      wrong(path, 'is no name; write letters and digits, a letter first, 64 at most')
    } else if (params.includes(name)) wrong(path, 'is a setting of the recipe as well; rename it')
    if (spec.expression !== undefined) return checkComputed(path, spec, spec.expression)
    const { initial } = spec
    if (initial === undefined) wrong(path, 'has no initial value; add initial')
    else attempt([...path, 'initial'], () => stateValue(name, initial, spec))
    if (vary === undefined) return
    const varyPath = [...path, 'vary']
    if (vary.shape === 'cycle') {
      for (const [index, value] of vary.values.entries()) {
        attempt([...varyPath, 'values', index], () => stateValue(name, value, spec))
      }
      return
    }
    if (type === 'text') {
      return wrong([...varyPath, 'shape'], `is ${vary.shape}, but a text can only cycle`)
    }
    if (vary.shape === 'follow') {
      if (type === 'integer' && !Number.isInteger(vary.step)) {
        wrong([...varyPath, 'step'], `is ${vary.step}, but the state is an integer`)
      }
      const target = own(states, vary.target)
      if (target !== undefined && (target.type ?? 'number') === type) return
      const why = target === undefined ? 'no state' : `no ${type}`
      return wrong([...varyPath, 'target'], `is ${vary.target}, which is ${why}`)
    }
    const { minimum, maximum } = vary
    if (minimum > maximum) {
      wrong([...varyPath, 'maximum'], `is ${maximum}, which is less than minimum: ${minimum}`)
    }
  }

  function checkComputed(path: Path, { initial, vary, type }: ScriptState, formula: string): void {
    if (initial !== undefined || vary !== undefined || type === 'text') {
      wrong(
        [...path, 'expression'],
        'contradicts initial, vary and type: text; remove what is wrong',
      )
    }
    const expression = attempt([...path, 'expression'], () => compileExpression(formula))
    for (const name of expression?.names ?? []) {
      const state = own(states, name)
      if (state !== undefined && state.expression === undefined && state.type !== 'text') continue
      wrong([...path, 'expression'], `has ${name}, which is no number that is kept`)
    }
  }

  function checkSet(path: Path, name: string, spec: ScriptSet, groups: readonly string[]): void {
    const state = own(states, name)
    if (state === undefined) return wrong(path, `is no state; ${listed(Object.keys(states))}`)
    if (state.expression !== undefined) return wrong(path, 'is computed and cannot be set')
    const { to, ...extract } = spec
    if (to === undefined) {
      attempt(path, () => compileExtract({ type: state.type ?? 'number', ...extract }, groups))
    } else if (Object.keys(extract).length > 0) {
      wrong([...path, 'to'], 'contradicts the rest, which is about the request; remove one of them')
    } else {
      attempt([...path, 'to'], () => {
        const text = compileTemplate(to, [...names, ...groups])
        if (text.names.length === 0) stateValue(name, latin1(text.render({})), state)
      })
    }
  }

  function checkSaying(
    path: Path,
    key: 'answer' | 'payload',
    one: Partial<Pick<ScriptAnswer & ScriptSend, 'if' | 'frame' | 'answer' | 'payload'>>,
    known: readonly string[],
  ): void {
    for (const [name, text] of Object.entries(one.if ?? {})) {
      if (own(states, name) === undefined) {
        wrong([...path, 'if', name], `is no state; ${listed(Object.keys(states))}`)
      }
      attempt([...path, 'if', name], () => compileTemplate(text, known))
    }
    const problem = one.frame === undefined ? undefined : checkFrameSpec(one.frame)
    if (problem !== undefined) wrong([...path, 'frame', ...problem.path], problem.message)
    const given = one[key]
    frameTexts(given).forEach((text, index) =>
      attempt(typeof given === 'string' ? [...path, key] : [...path, key, index], () =>
        compileTemplate(text, known),
      ),
    )
  }

  attempt(['params'], () => resolveParams(recipe, script.params ?? {}))
  for (const [name, spec] of Object.entries(states)) checkState(name, spec)
  for (const [index, one] of (script.answers ?? []).entries()) {
    const path = ['answers', index]
    const match = attempt([...path, 'when'], () => compileMatch(one.when, names))
    const groups = match?.groups ?? []
    for (const group of groups) {
      if (names.includes(group)) {
        wrong([...path, 'when'], `has the group ${group}, which is a state or setting; rename it`)
      }
    }
    for (const [name, spec] of Object.entries(one.set ?? {})) {
      checkSet([...path, 'set', name], name, spec, groups)
    }
    // Without its groups an answer would only repeat what is wrong with the pattern.
    if (match !== undefined) checkSaying(path, 'answer', one, [...names, ...groups])
  }
  for (const [index, one] of (script.sends ?? []).entries()) {
    checkSaying(['sends', index], 'payload', one, names)
  }
  if ((script.answers ?? []).length + (script.sends ?? []).length === 0) {
    wrong([], 'neither answers nor sends anything; add answers')
  }
  return problems
}

const listed = (names: readonly string[]) =>
  names.length === 0 ? 'there is none' : `there are ${names.join(', ')}`
