import { MapperError } from '@mapper-sdk/core'
import { latin1 } from '../text/latin1.ts'
import { compileSafePattern } from '../text/safe-pattern.ts'
import { compileTemplate, type Values } from '../template/template.ts'
import type { MatchSpec } from './match-spec.ts'

/** Named texts of a frame. */
export type Groups = Readonly<Record<string, string>>

/** Tells whether a frame is meant, given the values of the request. */
export interface Match {
  /** Names of the groups of the pattern. */
  readonly groups: readonly string[]
  /** The placeholders that it compares with. */
  readonly names: readonly string[]
  /**
   * The groups that took part if the frame is meant, else undefined. Never throws for what a frame has.
   * `text` is the payload as `latin1` tells it, for who asks about one payload several times.
   */
  find(payload: Uint8Array, values: Values, text?: string): Groups | undefined
}

type Test = (payload: Uint8Array, values: Values) => boolean

/** `names` are placeholders that have values. Throws a MapperError `invalid_config`. */
export function compileMatch(spec: MatchSpec, names: Iterable<string>): Match {
  const known = [...names]
  const used = new Set<string>()
  const compile = (text: string) => {
    const template = compileTemplate(text, known)
    for (const name of template.names) used.add(name)
    if (template.names.length > 0) return template.render
    const always = template.render({})
    return () => always
  }
  const pattern =
    spec.pattern === undefined
      ? undefined
      : compileSafePattern(spec.pattern, { ignoreCase: spec.ignoreCase ?? false, dotAll: true })
  const groups = pattern?.groups ?? []
  const tests: Test[] = []
  if (spec.length !== undefined) {
    const { length } = spec
    tests.push((payload) => payload.length === length)
  }
  if (spec.prefix !== undefined) {
    const prefix = compile(spec.prefix)
    tests.push((payload, values) => isAt(payload, 0, prefix(values)))
  }
  for (const { at, equals } of spec.bytes ?? []) {
    const wanted = compile(equals)
    tests.push((payload, values) =>
      isAt(payload, at < 0 ? payload.length + at : at, wanted(values)),
    )
  }
  const wantedGroups = Object.entries(spec.groups ?? {}).map(([group, text]) => {
    if (!groups.includes(group)) {
      const have = groups.length === 0 ? 'has no named group' : `has only ${groups.join(', ')}`
      throw new MapperError('invalid_config', `groups has ${group}, but the pattern ${have}`)
    }
    return [group, compile(text)] as const
  })
  if (pattern === undefined && tests.length === 0) {
    throw new MapperError('invalid_config', 'says nothing; give pattern, prefix, bytes or length')
  }
  return {
    groups,
    names: [...used],
    find(payload, values, text) {
      if (!tests.every((test) => test(payload, values))) return undefined
      const found = pattern === undefined ? {} : pattern.match(text ?? latin1(payload))?.groups
      if (found === undefined) return undefined
      const same = wantedGroups.every(([group, wanted]) => found[group] === latin1(wanted(values)))
      return same ? found : undefined
    },
  }
}

function isAt(payload: Uint8Array, at: number, wanted: Uint8Array): boolean {
  if (at < 0 || at + wanted.length > payload.length) return false
  for (let index = 0; index < wanted.length; index++) {
    if (payload[at + index] !== wanted[index]) return false
  }
  return true
}
