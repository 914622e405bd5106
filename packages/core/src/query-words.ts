import type { RawConfig } from './device.ts'
import { MapperError } from './errors.ts'

/**
 * For a `CommandLine`: the words of `…?baudRate=9600&address=3` without the `?`. Throws `invalid_config`
 * that names `text`, the whole of what was written.
 */
export function queryWords(query: string | undefined, text: string): RawConfig {
  const pairs = (query ?? '').split('&').filter((pair) => pair !== '')
  return Object.fromEntries(
    pairs.map((pair): [string, string] => {
      const [key, value] = splitOnce(pair, '=')
      if (value !== undefined) return [key, value]
      throw new MapperError('invalid_config', `"${text}" has "${pair}" where key=value belongs`)
    }),
  )
}

/** The part before a separator and the part behind it; undefined if there is no separator. */
export function splitOnce(text: string, separator: string): readonly [string, string | undefined] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)]
}
