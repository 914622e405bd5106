import { sameSet, type CharSet } from './char-set.ts'
import { isLinear } from './is-linear.ts'
import { parsePattern, type PatternFlags } from './parse-pattern.ts'
import type { PatternNode, PatternTree } from './pattern-tree.ts'

/**
 * The expression of JavaScript that finds the same as RE2 does with `source`, and as safely: the time for
 * a text grows with its length and no faster. Its groups are the named ones, in their order, without the
 * names. Undefined: there may be none.
 */
export function nativePattern(source: string, flags: PatternFlags): RegExp | undefined {
  const tree = plainPattern(source, flags)
  if (tree === undefined || !isLinear(tree)) return undefined
  const text = `${tree.fromStart ? '^' : ''}(?:${written(tree.body)})${tree.toEnd ? '$' : ''}`
  return new RegExp(text, 'u')
}

/** The tree of what means the same in both languages. */
export function plainPattern(source: string, flags: PatternFlags): PatternTree | undefined {
  const tree = parsePattern(source, flags)
  // JavaScript forgets what a group had when a repetition comes to it again; RE2 does not.
  if (tree === undefined || repeatsNames(tree.body, false)) return undefined
  return { ...tree, body: factored(tree.body) }
}

function repeatsNames(node: PatternNode, repeated: boolean): boolean {
  switch (node.kind) {
    case 'chars':
      return false
    case 'named':
      return repeated || repeatsNames(node.body, repeated)
    case 'repeat':
      return repeatsNames(node.body, repeated || node.times.max > 1)
    case 'choice':
      return node.branches.some((branch) => repeatsNames(branch, repeated))
    case 'sequence':
      return node.items.some((item) => repeatsNames(item, repeated))
  }
}

/** With the same characters at the beginning of branches before the choice: `ES|ET` is `E(?:S|T)`. */
function factored(node: PatternNode): PatternNode {
  switch (node.kind) {
    case 'chars':
      return node
    case 'named':
    case 'repeat':
      return { ...node, body: factored(node.body) }
    case 'sequence':
      return { kind: 'sequence', items: node.items.map(factored) }
    case 'choice':
      return choiceOf(node.branches)
  }
}

function choiceOf(branches: readonly PatternNode[]): PatternNode {
  const merged: PatternNode[] = []
  for (let at = 0; at < branches.length;) {
    const branch = branches[at++]
    if (branch === undefined) break
    const head = headOf(branch)
    const rests = [restOf(branch)]
    // Only neighbours: the order of branches decides which one is taken.
    while (head !== undefined && at < branches.length) {
      const other = branches[at]
      const same = other && headOf(other)
      if (other === undefined || same === undefined || !sameSet(head, same)) break
      rests.push(restOf(other))
      at++
    }
    const solid = rests.filter((rest) => rest !== undefined)
    if (head === undefined || rests.length === 1 || solid.length < rests.length) {
      merged.push(...branches.slice(at - rests.length, at).map(factored))
    } else {
      merged.push({ kind: 'sequence', items: [{ kind: 'chars', set: head }, choiceOf(solid)] })
    }
  }
  const [only] = merged
  return merged.length === 1 && only ? only : { kind: 'choice', branches: merged }
}

/** The characters that a branch begins with, as an item of its own. */
function headOf(branch: PatternNode): CharSet | undefined {
  if (branch.kind === 'chars') return branch.set
  if (branch.kind !== 'sequence') return undefined
  const [item] = branch.items
  return item?.kind === 'chars' ? item.set : undefined
}

/** What follows the head; undefined: nothing. */
function restOf(branch: PatternNode): PatternNode | undefined {
  if (branch.kind !== 'sequence') return undefined
  const [item, ...more] = branch.items.slice(1)
  if (item === undefined) return undefined
  return more.length === 0 ? item : { kind: 'sequence', items: [item, ...more] }
}

function written(node: PatternNode): string {
  switch (node.kind) {
    case 'chars':
      return writtenSet(node.set)
    case 'named':
      return `(${written(node.body)})`
    case 'sequence':
      return node.items.map(written).join('')
    case 'choice':
      return `(?:${node.branches.map(written).join('|')})`
    case 'repeat': {
      const { min, max, lazy } = node.times
      const body = written(node.body)
      const counts = max === Infinity ? `{${min},}` : `{${min},${max}}`
      return `${node.body.kind === 'chars' ? body : `(?:${body})`}${counts}${lazy ? '?' : ''}`
    }
  }
}

function writtenSet(set: CharSet): string {
  const code = (character: number) => `\\u{${character.toString(16)}}`
  const [range] = set
  if (set.length === 1 && range?.[0] === range?.[1]) return code(range?.[0] ?? 0)
  return `[${set.map(([from, to]) => (from === to ? code(from) : `${code(from)}-${code(to)}`)).join('')}]`
}
