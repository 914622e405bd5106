import {
  MapperError,
  formatValue,
  limitProblem,
  parseDecimal,
  parseValue,
  type PropertyType,
  type Value,
} from '@mapper-sdk/core'
import { fractionOf, over, ratioOf, times, valueOf } from '../extract/fraction.ts'
import type { RecipeWrite } from './recipe.ts'
import { own } from './recipe-parts.ts'

const isNumber = (value: Value): value is number | bigint =>
  typeof value === 'bigint' || (typeof value === 'number' && Number.isFinite(value))

/** Throws a MapperError `bad_data` if the value is not of the type, or beyond its limits. */
export function checkWritten(value: Value, write: RecipeWrite): void {
  const { type = 'number', minimum, maximum } = write
  const fits = {
    number: isNumber(value),
    integer: typeof value === 'bigint' || Number.isInteger(value),
    text: typeof value === 'string',
    boolean: typeof value === 'boolean',
  }[type]
  if (!fits) throw bad(`the value is no ${type}`)
  const problem = isNumber(value)
    ? limitProblem(value, {
        ...(minimum !== undefined && { minimum }),
        ...(maximum !== undefined && { maximum }),
      })
    : undefined
  if (problem !== undefined) throw bad(`the value ${problem}`)
}

/** What {value} is in the request. Throws a MapperError `bad_data` as `checkWritten` does. */
export function writtenValue(value: Value, write: RecipeWrite): Value {
  checkWritten(value, write)
  const { scale, lookup } = write
  if (lookup !== undefined) {
    const text = formatValue(value, 'STRING')
    const sent = own(lookup, text)
    if (sent !== undefined) return sent
    const known = Object.keys(lookup).slice(0, 20).join(', ')
    throw bad(`the value ${JSON.stringify(text.slice(0, 60))} is not listed; lookup has ${known}`)
  }
  if (scale === undefined || !isNumber(value)) return value
  return valueOf(times(ratioOf(value), ratioOf(scale)))
}

/** What a write takes, in the words of a model. */
export const writtenType = ({ type = 'number' }: RecipeWrite): PropertyType =>
  (({ number: 'DOUBLE', integer: 'INT', text: 'STRING', boolean: 'BOOLEAN' }) as const)[type]

/** A text as the value that it means to a write. Throws a MapperError `bad_data`. */
export const parseWritten = (text: string, write: RecipeWrite): Value =>
  parseValue(text, writtenType(write))

/** The value whose {value} in a request was `sent`; undefined: none that the write takes. */
export function valueWritten(sent: string, write: RecipeWrite): Value | undefined {
  const { type = 'number', scale, lookup } = write
  try {
    if (lookup !== undefined) {
      const [key] = Object.entries(lookup).find(([, one]) => one === sent) ?? []
      return key === undefined ? undefined : parseWritten(key, write)
    }
    const decimal = parseDecimal(sent)
    if (type === 'text') return sent
    if (type === 'boolean') return sent === '1' ? true : sent === '0' ? false : undefined
    if (decimal === undefined) return undefined
    const number = fractionOf(decimal)
    return valueOf(scale === undefined ? number : over(number, ratioOf(scale)))
  } catch (thrown) {
    if (thrown instanceof MapperError) return undefined
    throw thrown
  }
}

const bad = (detail: string) => new MapperError('bad_data', detail)
