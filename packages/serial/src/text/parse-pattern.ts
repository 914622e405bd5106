import { anything, charSet, complement, union, withBothCases, type CharSet } from './char-set.ts'
import type { PatternNode, PatternTree, Times } from './pattern-tree.ts'

export interface PatternFlags {
  readonly ignoreCase: boolean
  readonly dotAll: boolean
}

/** Thrown at what is not understood here; another engine may well understand it. */
const unknown = new Error('no plain pattern')

const digits: CharSet = [[0x30, 0x39]]
const word = charSet([...digits, [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a]])
const space = charSet([
  [0x09, 0x0a],
  [0x0c, 0x0d],
  [0x20, 0x20],
])
const classes: Readonly<Record<string, CharSet>> = {
  ...{ d: digits, D: complement(digits) },
  ...{ w: word, W: complement(word) },
  ...{ s: space, S: complement(space) },
}
const controls: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, f: 12, v: 11, a: 7 }
const newline: CharSet = [[10, 10]]

const deepest = 16

/**
 * Takes apart a regular expression that RE2 accepts, with the meaning that it has there; undefined if it
 * has anything in it that is not among the plain and common things.
 */
export function parsePattern(source: string, flags: PatternFlags): PatternTree | undefined {
  try {
    return parse([...source], flags)
  } catch (thrown) {
    if (thrown === unknown) return undefined
    throw thrown
  }
}

function parse(text: readonly string[], { ignoreCase, dotAll }: PatternFlags): PatternTree {
  let at = 0
  let isBare = false
  const takes = (wanted: string): boolean => {
    const there = text.slice(at, at + wanted.length).join('') === wanted
    if (there) at += wanted.length
    return there
  }
  const next = (): string => {
    const character = text[at++]
    if (character === undefined) throw unknown
    return character
  }

  const atLastDollar = () => text[at] === '$' && at === text.length - 1

  function choice(depth: number): PatternNode {
    if (depth > deepest) throw unknown
    const branches = [sequence(depth)]
    while (takes('|')) branches.push(sequence(depth))
    if (depth === 0 && branches.length > 1) isBare = true
    return branches.length === 1 && branches[0] ? branches[0] : { kind: 'choice', branches }
  }

  function sequence(depth: number): PatternNode {
    const items: PatternNode[] = []
    while (at < text.length && !'|)'.includes(text[at] ?? '') && !atLastDollar()) {
      items.push(repeated(depth))
    }
    if (items.length === 0) throw unknown
    return items.length === 1 && items[0] ? items[0] : { kind: 'sequence', items }
  }

  function repeated(depth: number): PatternNode {
    const body = atom(depth)
    const counts = countsAt()
    if (counts === undefined) return body
    const [min, max] = counts
    const lazy = takes('?')
    if (max === 0 || countsAt() !== undefined) throw unknown
    return { kind: 'repeat', body, times: { min, max, lazy } }
  }

  function countsAt(): readonly [Times['min'], Times['max']] | undefined {
    if (takes('?')) return [0, 1]
    if (takes('*')) return [0, Infinity]
    if (takes('+')) return [1, Infinity]
    if (text[at] !== '{') return undefined
    const [all = '', min, comma, max] =
      /^\{(\d{1,4})(?:(,)(\d{1,4})?)?\}/.exec(text.slice(at, at + 12).join('')) ?? []
    if (min === undefined) throw unknown
    at += all.length
    return [Number(min), comma === undefined ? Number(min) : Number(max ?? Infinity)]
  }

  function atom(depth: number): PatternNode {
    const character = next()
    if (character === '(') return group(depth)
    if (character === '[') return chars(listed())
    if (character === '.') return chars(dotAll ? anything : complement(newline))
    if (character === '\\') return chars(cased(escaped()))
    if ('^$*+?{'.includes(character)) throw unknown
    return chars(cased(literal(character)))
  }

  function group(depth: number): PatternNode {
    const named = takes('?<') || takes('?P<')
    if (named) while (next() !== '>');
    else if (!takes('?:') && text[at] === '?') throw unknown
    const body = choice(depth + 1)
    if (!takes(')')) throw unknown
    return named ? { kind: 'named', body } : body
  }

  /** A class in brackets. */
  function listed(): CharSet {
    const negated = takes('^')
    let set: CharSet = []
    for (let first = true; first || !takes(']'); first = false) {
      const low = member(first)
      const isRange = text[at] === '-' && text[at + 1] !== ']'
      if (!isRange) {
        set = union(set, low)
        continue
      }
      at++
      const high = member(false)
      const [from, to] = [only(low), only(high)]
      if (from > to) throw unknown
      set = union(set, [[from, to]])
    }
    const both = cased(set)
    return negated ? complement(both) : both
  }

  function member(first: boolean): CharSet {
    const character = next()
    if (character === '\\') return escaped()
    if (character === '[' || character === ']') throw unknown
    if (character === '-' && !first && text[at] !== ']') throw unknown
    return literal(character)
  }

  function escaped(): CharSet {
    const character = next()
    const known = Object.hasOwn(classes, character) ? classes[character] : undefined
    if (known !== undefined) return known
    const control = Object.hasOwn(controls, character) ? controls[character] : undefined
    if (control !== undefined) return [[control, control]]
    if (character === 'x') {
      const code = next() + next()
      if (!/^[0-9A-Fa-f]{2}$/.test(code)) throw unknown
      return [[parseInt(code, 16), parseInt(code, 16)]]
    }
    if (/[^!-/:-@[-^`{-~ ]/.test(character)) throw unknown
    return literal(character)
  }

  function cased(set: CharSet): CharSet {
    const both = ignoreCase ? withBothCases(set) : set
    if (both === undefined) throw unknown
    return both
  }

  const fromStart = takes('^')
  const body = choice(0)
  const toEnd = takes('$')
  // A choice without brackets: each would belong to one branch alone.
  if (at < text.length || ((fromStart || toEnd) && isBare)) throw unknown
  return { fromStart, toEnd, body }
}

const chars = (set: CharSet): PatternNode => {
  if (set.length === 0) throw unknown
  return { kind: 'chars', set }
}

function literal(character: string): CharSet {
  const code = character.codePointAt(0) ?? 0
  if (code >= 0xd800 && code <= 0xdfff) throw unknown
  return [[code, code]]
}

function only(set: CharSet): number {
  const [range] = set
  if (set.length !== 1 || range?.[0] !== range?.[1]) throw unknown
  return range?.[0] ?? 0
}
