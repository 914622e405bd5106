import type { RawConfig, RawValue } from './device.ts'

/** Each word and its aliases, all in lower case, to the word. */
export function aliases(
  words: Readonly<Record<string, readonly string[]>>,
): ReadonlyMap<string, string> {
  const pairs = Object.entries(words).flatMap(([word, others]) =>
    [word, ...others].map((alias) => [alias.toLowerCase(), word] as const),
  )
  return new Map(pairs)
}

/** What is known of the words of existing custom resources; all keys in lower case. */
export interface Dialect {
  /** Our word for each alias: `aliases` makes it. */
  readonly known: ReadonlyMap<string, string>
  /** Objects around words that say nothing themselves: what is in them counts as if it stood outside. */
  readonly groups: ReadonlySet<string>
  /** Words that never had an effect, and are left out. */
  readonly idle?: ReadonlySet<string>
}

/**
 * A configuration in a driver's own words, for its `normalize`: without nulls and empty texts, in a new
 * object. Where two aliases of a word are given, the word itself wins, then the first. Words that are not
 * known stay as they are, for the check to name them. Pure.
 */
export function inOurWords(
  raw: RawConfig,
  { known, groups, idle = none }: Dialect,
): Record<string, RawValue> {
  const order = [...known.keys()]
  const found: [rank: number, word: string, value: RawValue][] = []
  for (const [key, value] of flat(raw, groups)) {
    if (value === null || value === '') continue
    const lowered = key.toLowerCase()
    const word = known.get(lowered)
    if (word !== undefined) found.push([order.indexOf(lowered), word, value])
    else if (!idle.has(lowered)) found.push([-1, key, value])
  }
  found.sort(([a], [b]) => b - a)
  return Object.fromEntries(found.map(([, word, value]) => [word, value]))
}

const none: ReadonlySet<string> = new Set()

function* flat(raw: RawConfig, groups: ReadonlySet<string>): Generator<[string, RawValue]> {
  for (const [key, value] of Object.entries(raw)) {
    if (groups.has(key.toLowerCase()) && typeof value === 'object' && value !== null) {
      yield* flat(value as RawConfig, groups)
    } else yield [key, value]
  }
}

/** A number, also from a text that is one; undefined for anything else. */
export function numberIn(raw: RawValue): number | undefined {
  if (typeof raw === 'number') return raw
  if (typeof raw === 'bigint') return Number(raw)
  if (typeof raw !== 'string' || raw.trim() === '') return undefined
  const number = Number(raw)
  return Number.isNaN(number) ? undefined : number
}
