import { MapperError } from '@mapper-sdk/core'
import { RE2JS } from 're2js'
import { nativePattern } from './native-pattern.ts'

/**
 * A regular expression that is safe with any text: the time for a text grows with its length and no
 * faster, whatever the expression. Its syntax is that of RE2: as in JavaScript, without back references,
 * look-ahead and look-behind.
 */
export interface SafePattern {
  /** Names of the groups, in their order. */
  readonly groups: readonly string[]
  /** Whether it looks at the beginning or the end of a text, or of a word. */
  readonly looksAround: boolean
  test(text: string): boolean
  /** The first match. Throws a MapperError `bad_data` if the text is longer than `maxTextLength`. */
  match(text: string): PatternMatch | undefined
}

export interface PatternMatch {
  readonly start: number
  readonly end: number
  /** The text of each named group that took part. */
  readonly groups: Readonly<Record<string, string>>
}

export interface SafePatternOptions {
  /** Capital and small letters are the same; default: false */
  readonly ignoreCase?: boolean
  /** The dot is also the end of a line; default: false */
  readonly dotAll?: boolean
  /** Longest text in characters; default: 65536 */
  readonly maxTextLength?: number
}

const longestSource = 1024
/** Steps of the compiled expression: time and memory for a text are at most this many times its length. */
const mostSteps = 2000

/** The engine of JavaScript has limited room for the places that it may have to go back to. */
const longestNative = 65_536

/** Throws a MapperError `invalid_config` that says what is wrong with the expression. */
export function compileSafePattern(source: string, options: SafePatternOptions = {}): SafePattern {
  const { ignoreCase = false, dotAll = false, maxTextLength = 65_536 } = options
  if (source.length > longestSource) {
    throw refused(source, `is longer than ${longestSource} characters`)
  }
  const compiled = compile(
    source,
    (ignoreCase ? RE2JS.CASE_INSENSITIVE : 0) | (dotAll ? RE2JS.DOTALL : 0),
  )
  if (compiled.programSize() > mostSteps) {
    throw refused(source, 'is too large; lower the counts of its repetitions')
  }
  const named = Object.entries(compiled.namedGroups()).sort(([, a], [, b]) => a - b)
  const groups = named.map(([name]) => name)
  const check = (text: string) => {
    if (text.length > maxTextLength) {
      throw new MapperError('bad_data', `${text.length} characters, more than ${maxTextLength}`)
    }
  }
  // RE2JS judges every expression; the engine of JavaScript is many times as fast where it is as safe.
  const native = nativePattern(source, { ignoreCase, dotAll })
  return {
    groups,
    looksAround: looksAround(source),
    test(text) {
      check(text)
      const fast = text.length > longestNative ? undefined : native
      return fast === undefined ? compiled.test(text) : fast.test(text)
    },
    match(text) {
      check(text)
      const fast = text.length > longestNative ? undefined : native
      if (fast !== undefined) return matchOf(fast.exec(text), groups)
      const matcher = compiled.matcher(text)
      if (!matcher.find()) return undefined
      const found: Record<string, string> = {}
      for (const name of groups) {
        const value = matcher.group(name)
        if (value !== null) found[name] = value
      }
      return { start: matcher.start(), end: matcher.end(), groups: found }
    },
  }
}

function matchOf(
  found: RegExpExecArray | null,
  names: readonly string[],
): PatternMatch | undefined {
  if (found === null) return undefined
  const groups: Record<string, string> = {}
  for (let index = 0; index < names.length; index++) {
    const value = found[index + 1]
    const name = names[index]
    if (value !== undefined && name !== undefined) groups[name] = value
  }
  return { start: found.index, end: found.index + found[0].length, groups }
}

function compile(source: string, flags: number): RE2JS {
  try {
    return RE2JS.compile(source, flags)
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    const around = /\(\?<?[=!]/.test(source) ? '; look-ahead and look-behind are not supported' : ''
    const back = /\\[1-9]/.test(source) ? '; back references are not supported' : ''
    throw refused(source, `is no expression: ${reason}${around}${back}`, thrown)
  }
}

const refused = (source: string, why: string, cause?: unknown) =>
  new MapperError('invalid_config', `pattern ${source.slice(0, 60)} ${why}`, { cause })

/** `^`, `$`, `\b` and their kin, outside of classes and quoted text. */
function looksAround(source: string): boolean {
  const rest = source
    .replaceAll(/\\Q.*?(?:\\E|$)/gs, '')
    .replaceAll(/\\[^AzbB]/gs, 'x')
    .replaceAll(/\[\^?\]?(?:\[:\^?\w+:\]|[^\]])*\]/g, '')
  return /\^|\$|\\/.test(rest)
}
