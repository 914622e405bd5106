import { MapperError } from '@mapper-sdk/core'

/** `head,key=value,…`: the head in the manner of the protocol, and words of the configuration. */
export interface PlaceText {
  readonly head?: string
  readonly words: Readonly<Record<string, string>>
}

/**
 * Takes a device or a place apart as it is written on a command line: `192.0.2.7:502,unit=3`,
 * `holding:10,type=float32`, or `key=value` pairs alone. What follows a comma and is no pair belongs to
 * the value before it, as in `map=0=off,1=on`. `headLength`: so many characters are the head, whatever is
 * in them. Throws `invalid_config`. Pure.
 */
export function parsePlaceText(text: string, headLength?: number): PlaceText {
  const wrong = (why: string) => new MapperError('invalid_config', `${JSON.stringify(text)} ${why}`)
  const words = new Map<string, string>()
  const [first = '', ...rest] =
    headLength === undefined
      ? text.split(',')
      : [text.slice(0, headLength), ...text.slice(headLength).split(',').slice(1)]
  if (first === '') throw wrong('begins with nothing')
  const headless = headLength === undefined && pairOf(first) !== undefined
  let last: string | undefined
  for (const part of headless ? [first, ...rest] : rest) {
    const pair = pairOf(part)
    if (pair !== undefined) {
      const [key, value] = pair
      if (words.has(key)) throw wrong(`says ${key} twice`)
      words.set((last = key), value)
    } else if (last !== undefined) words.set(last, `${words.get(last)},${part}`)
    else throw wrong(`has ${JSON.stringify(part)} where key=value belongs`)
  }
  return { ...(!headless && { head: first }), words: Object.fromEntries(words) }
}

/** `key=value`; a key begins with a letter. */
export function pairOf(text: string): readonly [key: string, value: string] | undefined {
  const [, key, value = ''] = /^([A-Za-z_][\w.-]*)=(.*)$/s.exec(text) ?? []
  return key === undefined ? undefined : [key, value]
}
