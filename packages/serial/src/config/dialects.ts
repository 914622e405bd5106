import {
  aliases,
  inOurWords,
  type ModelProperty,
  type RawConfig,
  type RawValue,
} from '@mapper-sdk/core'
import { ownWords } from '../recipe/own-words.ts'

/**
 * Translates the words of existing custom resources to ours. Pure. Words of a protocol config that nobody
 * knows are settings of its recipe.
 */
export function normalize(
  raw: RawConfig,
  what: 'protocol' | 'visitor',
  property?: ModelProperty,
): RawConfig {
  return what === 'protocol' ? normalizeProtocol(raw) : normalizeVisitor(raw, property)
}

const visitorWords = aliases({ value: [], write: [] })

/** Groups of v1alpha2 around words for serial lines. */
const groups = new Set(['serial', 'common', 'com', 'tcp', 'customizedvalues'])

const parities = aliases({ none: ['n'], even: ['e'], odd: ['o'] })

function normalizeProtocol(raw: RawConfig): RawConfig {
  const words: Record<string, RawValue> = {}
  const params: Record<string, RawValue> = {}
  for (const [key, value] of Object.entries(inOurWords(raw, { known: ownWords, groups }))) {
    if (key === 'params' && typeof value === 'object') Object.assign(params, value)
    else if (ownWords.has(key.toLowerCase())) words[key] = value
    else params[key] = value
  }
  const { parity, serialType } = words
  delete words['serialType']
  if (typeof parity === 'string') words['parity'] = parities.get(parity.toLowerCase()) ?? parity
  if (typeof serialType === 'string') words['rs485'] ??= /^rs-?485$/i.test(serialType)
  for (const word of ['transport', 'flowControl']) {
    const given = words[word]
    if (typeof given === 'string') words[word] = given.toLowerCase()
  }
  words['transport'] ??=
    words['host'] !== undefined && words['path'] === undefined ? 'tcp' : 'serial'
  return Object.keys(params).length === 0 ? words : { ...words, params }
}

function normalizeVisitor(raw: RawConfig, property?: ModelProperty): RawConfig {
  const words = inOurWords(raw, { known: visitorWords, groups })
  if (property !== undefined && words['write'] === undefined) words['value'] ??= property.name
  return words
}
