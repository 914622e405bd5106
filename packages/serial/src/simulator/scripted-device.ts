import { MapperError, type Value } from '@mapper-sdk/core'
import { compileExtract } from '../extract/extract.ts'
import type { Framer } from '../frame/frame.ts'
import type { FrameSpec } from '../frame/frame-spec.ts'
import { createFramer } from '../frame/framer.ts'
import { compileMatch, type Groups } from '../match/match.ts'
import { latin1 } from '../text/latin1.ts'
import { compileRecipe, type ReadyRecipe } from '../recipe/compile-recipe.ts'
import { resolveParams } from '../recipe/params.ts'
import type { Recipe } from '../recipe/recipe.ts'
import { own, paramNames } from '../recipe/recipe-parts.ts'
import { compileTemplate, type Values } from '../template/template.ts'
import { checkScript, frameTexts } from './check-script.ts'
import { createCourse, everyMsOf } from './course.ts'
import { createState, stateValue, type StateBook } from './device-state.ts'
import type { Habit, Saying, SimulatedDevice } from './simulated-device.ts'
import type { ScriptAnswer, ScriptSend, ScriptState, SimulatorScript } from './simulator-script.ts'

export interface ScriptedOptions {
  /** Settings that are other than in the script. */
  readonly params?: Readonly<Record<string, string | number>>
}

/**
 * A device that does what its script says. Throws a MapperError `invalid_config` if the script or a
 * setting is wrong.
 */
export function scriptedDevice(
  script: SimulatorScript,
  recipe: Recipe,
  options: ScriptedOptions = {},
): SimulatedDevice {
  const [problem] = checkScript(script, recipe)
  if (problem !== undefined) {
    throw new MapperError('invalid_config', `${problem.path.join('.')} ${problem.message}`.trim())
  }
  const ready = compileRecipe(recipe)
  const params = resolveParams(recipe, { ...script.params, ...options.params })
  const states = script.state ?? {}
  const state = createState(states)
  const names = [...paramNames(recipe), ...state.names]
  const values = (groups: Groups = {}): Values => ({ ...params, ...state.all(), ...groups })
  const frameOfRequest = exchangeFrames(ready, params)
  const answers = (script.answers ?? []).map((one) => readyAnswer(one, names, states))

  return {
    send: ready.send,
    state,
    habits: [
      ...Object.entries(states).flatMap(([name, spec], index) => habitOf(name, spec, index, state)),
      ...(script.sends ?? []).map((one): Habit => {
        const say = readySaying(one, one.payload, names)
        return {
          everyMs: one.everyMs,
          perform: () =>
            say.holds(values()) ? say.render(values(), one.frame ?? recipe.frame) : [],
        }
      }),
    ],
    answer({ payload }) {
      for (const { match, set, say, spec } of answers) {
        const groups = match.find(payload, values())
        if (groups === undefined || !say.holds(values(groups))) continue
        // All are computed before one is set: a request that is half wrong changes nothing.
        const changes = set.map(
          ([name, take]) => [name, take(payload, groups, values(groups))] as const,
        )
        for (const [name, value] of changes) state.put(name, value)
        const frame = spec.frame ?? frameOfRequest(payload)
        return say.render(values(groups), frame, spec.afterMs)
      }
      return undefined
    },
  }
}

/** How the answer to a request is framed: as its exchange says, else as the recipe does. */
function exchangeFrames(ready: ReadyRecipe, params: Values): (payload: Uint8Array) => FrameSpec {
  const frames = new Map<string, FrameSpec>()
  for (const [name, { request, frame }] of ready.exchanges) {
    if (own(ready.recipe.exchanges, name)?.frame !== undefined) {
      frames.set(latin1(request(params)), frame)
    }
  }
  return (payload) => frames.get(latin1(payload)) ?? ready.recipe.frame
}

function habitOf(
  name: string,
  spec: ScriptState,
  index: number,
  state: StateBook,
): readonly Habit[] {
  const { vary, type = 'number' } = spec
  if (vary === undefined) return []
  const course = createCourse(vary, type, index + 1)
  const move = () => {
    const next = course(state.get(name), (other) => state.get(other))
    state.put(name, typeof next === 'string' ? stateValue(name, next, spec) : next)
    return []
  }
  return [{ everyMs: everyMsOf(vary), perform: move }]
}

/** What a state becomes by a request. */
type Take = (payload: Uint8Array, groups: Groups, values: Values) => Value

function readyAnswer(
  spec: ScriptAnswer,
  names: readonly string[],
  states: Readonly<Record<string, ScriptState>>,
) {
  const match = compileMatch(spec.when, names)
  const set = Object.entries(spec.set ?? {}).map(([name, { to, ...extract }]) => {
    const state = states[name]
    if (state === undefined) throw new MapperError('internal', `there is no state ${name}`)
    if (to === undefined) {
      const known = { type: state.type ?? ('number' as const), ...extract }
      const take: Take = compileExtract(known, match.groups)
      return [name, take] as const
    }
    const text = compileTemplate(to, [...names, ...match.groups])
    const take: Take = (_payload, _groups, values) =>
      stateValue(name, latin1(text.render(values)), state)
    return [name, take] as const
  })
  return { spec, match, set, say: readySaying(spec, spec.answer, [...names, ...match.groups]) }
}

function readySaying(
  spec: Pick<ScriptSend, 'if'>,
  payload: string | readonly string[] | undefined,
  names: readonly string[],
) {
  const conditions = Object.entries(spec.if ?? {}).map(
    ([name, text]) => [compileTemplate(`{${name}}`, names), compileTemplate(text, names)] as const,
  )
  const templates = frameTexts(payload).map((text) => compileTemplate(text, names))
  return {
    holds: (values: Values) =>
      conditions.every(
        ([now, wanted]) => latin1(now.render(values)) === latin1(wanted.render(values)),
      ),
    render: (values: Values, frame: FrameSpec, afterMs = 0): readonly Saying[] =>
      templates.map((template) => ({
        bytes: framed(template.render(values), frame),
        frame,
        afterMs,
      })),
  }
}

const encoders = new WeakMap<FrameSpec, Framer>()

/** What is found by a pattern has nothing round it. */
function framed(payload: Uint8Array, frame: FrameSpec): Uint8Array {
  if (frame.type === 'pattern') return payload
  const encoder = encoders.get(frame) ?? createFramer(frame)
  encoders.set(frame, encoder)
  return encoder.encode(payload)
}
