import { InvalidArgumentError } from 'commander'

/** Parsers of option values for commander: each throws a sentence that says what is accepted. */

export const collect = (value: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  value,
]

/** A whole number of milliseconds above 0. */
export const milliseconds = (text: string): number => whole(text, 1, 2 ** 31 - 1)

export function whole(text: string, least: number, most: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN
  if (value >= least && value <= most) return value
  throw new InvalidArgumentError(`It has to be a whole number from ${least} to ${most}.`)
}

/** `1-10,20` as all the numbers it names, in that order, each once. */
export function numbers(text: string, least: number, most: number): readonly number[] {
  const found = text.split(',').flatMap((part) => {
    const { from, to } = range(part, least, most)
    return Array.from({ length: to - from + 1 }, (_, at) => from + at)
  })
  return [...new Set(found)]
}

/** `0-999`, or one number alone. */
export function range(text: string, least: number, most: number): { from: number; to: number } {
  const [, first = '', last = first] = /^(\d+)(?:-(\d+))?$/.exec(text) ?? []
  const from = whole(first, least, most)
  const to = whole(last, least, most)
  if (from <= to) return { from, to }
  throw new InvalidArgumentError(`${text} goes backwards.`)
}

export function choice<T extends string>(text: string, known: readonly T[]): T {
  const found = known.find((one) => one === text)
  if (found !== undefined) return found
  throw new InvalidArgumentError(`It has to be of ${known.join(', ')}.`)
}

/** Some of a few words, separated by commas. */
export const choices = <T extends string>(text: string, known: readonly T[]): readonly T[] =>
  text.split(',').map((word) => choice(word, known))
