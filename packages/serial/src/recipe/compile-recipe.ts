import { MapperError } from '@mapper-sdk/core'
import { compileExtract, type Extract } from '../extract/extract.ts'
import type { FrameSpec } from '../frame/frame-spec.ts'
import { compileMatch, type Groups } from '../match/match.ts'
import { compileTemplate, type Values } from '../template/template.ts'
import { checkRecipe } from './check-recipe.ts'
import type { Exchange, Recipe } from './recipe.ts'
import { groupsOf, paramNames, reservedBytes } from './recipe-parts.ts'
import { writtenValue } from './written.ts'

/** What a frame is to an exchange that waits for its answer. */
export type Answer =
  | { readonly kind: 'answer'; readonly groups: Groups }
  /** The device says that it cannot. */
  | { readonly kind: 'error'; readonly error: MapperError }
  /** It belongs to something else. */
  | { readonly kind: 'other' }

/** A request with its answer, ready for a line. */
export interface ReadyExchange {
  readonly timeoutMs: number
  /** Exchanges that are to be done right before it, in the same turn. */
  readonly first: readonly string[]
  /** How its answer is framed. */
  readonly frame: FrameSpec
  /** Whether an answer comes at all. */
  readonly answers: boolean
  /** Whether the answer tells whose it is: it has to have a setting of the device in it. */
  readonly addressed: boolean
  /** The payload of the request. Throws a MapperError `bad_data` that names the placeholder. */
  request(values: Values): Uint8Array
  /** What the payload of a frame is, that came after a request with these values. */
  judge(payload: Uint8Array, values: Values): Answer
}

export interface ReadyStream {
  /** After so long without a frame its values no longer hold; undefined: they do. */
  readonly timeoutMs: number | undefined
  /** The groups if the frame is of this stream. `text` as for `Match`. */
  find(payload: Uint8Array, values: Values, text?: string): Groups | undefined
}

export interface ReadyValue {
  /** The exchange or stream. */
  readonly from: string
  readonly extract: Extract
}

/** As an exchange; its values have `value` besides the settings, which `request` checks. */
export interface ReadyWrite extends ReadyExchange {
  /** The value that is to be read afterwards, and compared with the one that was given. */
  readonly readBack: string | undefined
}

/** A recipe that was compiled once, for any number of devices. Pure: it sends nothing and keeps nothing. */
export interface ReadyRecipe {
  readonly recipe: Recipe
  /** How requests are framed. */
  readonly send: FrameSpec
  readonly exchanges: ReadonlyMap<string, ReadyExchange>
  readonly streams: ReadonlyMap<string, ReadyStream>
  readonly values: ReadonlyMap<string, ReadyValue>
  readonly writes: ReadonlyMap<string, ReadyWrite>
}

/** Throws a MapperError `invalid_config` with the first thing that is wrong. */
export function compileRecipe(recipe: Recipe): ReadyRecipe {
  const [problem] = checkRecipe(recipe)
  if (problem !== undefined) {
    throw new MapperError('invalid_config', `${problem.path.join('.')} ${problem.message}`)
  }
  const names = paramNames(recipe)
  const send = recipe.send ?? recipe.frame
  const map = <T, R>(given: Readonly<Record<string, T>> | undefined, ready: (one: T) => R) =>
    new Map(Object.entries(given ?? {}).map(([name, one]) => [name, ready(one)] as const))
  return {
    recipe,
    send,
    exchanges: map(recipe.exchanges, (one) => readyExchange(one, names, recipe)),
    streams: map(recipe.streams, ({ match, timeoutMs }) => {
      const { find } = compileMatch(match, names)
      return { find, timeoutMs }
    }),
    values: map(recipe.values, (one) => ({
      from: one.from,
      extract: compileExtract(one, groupsOf(recipe, one.from)),
    })),
    writes: map(recipe.writes, (one) => {
      const ready = readyExchange(one, [...names, 'value'], recipe)
      const sent = (values: Values): Values => {
        const { value } = values
        return value === undefined ? values : { ...values, value: writtenValue(value, one) }
      }
      return {
        ...ready,
        request: (values: Values) => ready.request(sent(values)),
        judge: (payload: Uint8Array, values: Values) => ready.judge(payload, sent(values)),
        readBack: one.readBack,
      }
    }),
  }
}

function readyExchange(spec: Exchange, names: readonly string[], recipe: Recipe): ReadyExchange {
  const request = compileTemplate(spec.request, names, { reserved: reservedBytes(recipe) })
  const response = spec.response === undefined ? undefined : compileMatch(spec.response, names)
  const errors = (spec.errors ?? []).map(({ match, code = 'rejected', text }) => ({
    ...{ match: compileMatch(match, names), code, text },
  }))
  return {
    timeoutMs: spec.timeoutMs ?? 1000,
    first: spec.first ?? [],
    frame: spec.frame ?? recipe.frame,
    answers: spec.noResponse !== true,
    addressed: response?.names.some((name) => name !== 'value') ?? false,
    request: request.render,
    judge(payload, values) {
      // An error may look like an answer to a pattern that takes much.
      for (const { match, code, text } of errors) {
        if (match.find(payload, values) === undefined) continue
        return { kind: 'error', error: new MapperError(code, text) }
      }
      const groups = response === undefined ? {} : response.find(payload, values)
      return groups === undefined ? { kind: 'other' } : { kind: 'answer', groups }
    },
  }
}
