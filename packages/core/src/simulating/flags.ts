import { parseArgs, type ParseArgsConfig } from 'node:util'
import { MapperError } from '../errors.ts'

type Options = NonNullable<ParseArgsConfig['options']>
type Parsed<T extends Options> = ReturnType<
  typeof parseArgs<{ args: string[]; allowPositionals: true; options: T }>
>

/** The flags of a simulator. What is wrong is told with the usage, as a MapperError `invalid_config`. */
export interface Flags<T extends Options> {
  readonly values: Parsed<T>['values']
  readonly positionals: readonly string[]
  wrong(detail: string): MapperError
  /** A whole number within limits. */
  number(name: string, text: string, min: number, max: number): number
}

export function readFlags<const T extends Options>(
  argv: readonly string[],
  options: T,
  usage: string,
): Flags<T> {
  const wrong = (detail: string) => new MapperError('invalid_config', `${detail}\n\n${usage}`)
  const parsed = () => {
    try {
      return parseArgs({ args: [...argv], allowPositionals: true, options })
    } catch (thrown) {
      throw wrong(thrown instanceof Error ? thrown.message : String(thrown))
    }
  }
  const { values, positionals } = parsed()
  return {
    values,
    positionals,
    wrong,
    number(name, text, min, max) {
      const value = /^\d+$/.test(text) ? Number(text) : NaN
      if (value >= min && value <= max) return value
      throw wrong(`--${name} ${text} is not in ${min} … ${max}`)
    },
  }
}
