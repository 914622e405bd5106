import { didYouMean } from '@mapper-sdk/core'

/** The one known word that a mistyped one stands for: none if another is near as well. */
export function onlyNear(word: string, known: readonly string[]): string | undefined {
  const best = didYouMean(word, known)
  if (best === undefined || best === word) return undefined
  return didYouMean(
    word,
    known.filter((one) => one !== best),
  ) === undefined
    ? best
    : undefined
}

/** "; did you mean NAME?", or nothing. */
export function meant(word: string, known: readonly string[]): string {
  const best = didYouMean(word, known)
  return best === undefined ? '' : `; did you mean ${best}?`
}

/** A text as YAML has it: plain where that stays the same text, else in quotes. */
export const yamlText = (text: string): string =>
  /^[A-Za-z][\w-]*$/.test(text) && !reserved.test(text) ? text : JSON.stringify(text)

const reserved = /^(true|false|null|yes|no|on|off|y|n)$/i
