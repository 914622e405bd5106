import { overlaps, union, type CharSet } from './char-set.ts'
import type { PatternNode, PatternTree } from './pattern-tree.ts'

/** What can come next in a text: one of these characters, or its end. */
interface Next {
  readonly set: CharSet
  readonly end: boolean
}

const nothing: Next = { set: [], end: false }

/** Steps for a character, in the worst case: no more than those that RE2 may need. */
const mostSteps = 2000
/** Characters that may be looked at again from each place of a text. */
const shortLength = 32

/**
 * Whether an engine that goes back and tries again needs a limited number of steps for each character of
 * any text. It does if the next character always tells which way to go: then each other way that it tries
 * ends at that same character.
 */
export function isLinear({ fromStart, toEnd, body }: PatternTree): boolean {
  const end: Next = toEnd ? { set: [], end: true } : nothing
  if (!isDecided(body, end) || leavesOf(body) * depthOf(body) > mostSteps) return false
  if (fromStart || longest(body) <= shortLength) return true
  // A search that starts at each place of the text: no start lies within what an earlier one went through.
  return !overlaps(first(body), later(body))
}

/** Whether the next character always decides, if `follow` can come after the node. */
function isDecided(node: PatternNode, follow: Next): boolean {
  switch (node.kind) {
    case 'chars':
      return true
    case 'named':
      return isDecided(node.body, follow)
    case 'choice': {
      const { branches } = node
      return branches.every(
        (branch, index) =>
          !isNullable(branch) &&
          isDecided(branch, follow) &&
          branches.slice(index + 1).every((other) => !overlaps(first(branch), first(other))),
      )
    }
    case 'sequence': {
      let after = follow
      for (const item of node.items.toReversed()) {
        if (!isDecided(item, after)) return false
        after = {
          set: isNullable(item) ? union(first(item), after.set) : first(item),
          end: isNullable(item) && after.end,
        }
      }
      return true
    }
    case 'repeat': {
      const { body, times } = node
      const start = first(body)
      // A body that can be empty could be taken any number of times at the same place.
      if (isNullable(body)) return false
      if (times.min !== times.max && overlaps(start, follow.set)) return false
      const again = { set: union(start, follow.set), end: follow.end }
      return isDecided(body, times.max > 1 ? again : follow)
    }
  }
}

/** The characters that it can begin with. */
function first(node: PatternNode): CharSet {
  switch (node.kind) {
    case 'chars':
      return node.set
    case 'named':
    case 'repeat':
      return first(node.body)
    case 'choice':
      return union(...node.branches.map(first))
    case 'sequence': {
      const solid = node.items.findIndex((item) => !isNullable(item))
      return union(...node.items.slice(0, solid === -1 ? undefined : solid + 1).map(first))
    }
  }
}

/** The characters that it can have after its first one, and perhaps some more. */
function later(node: PatternNode): CharSet {
  switch (node.kind) {
    case 'chars':
      return []
    case 'named':
      return later(node.body)
    case 'repeat':
      return node.times.max > 1 ? all(node.body) : later(node.body)
    case 'choice':
      return union(...node.branches.map(later))
    case 'sequence':
      return union(...node.items.map((item, index) => (index === 0 ? later(item) : all(item))))
  }
}

const all = (node: PatternNode): CharSet => union(first(node), later(node))

function isNullable(node: PatternNode): boolean {
  switch (node.kind) {
    case 'chars':
      return false
    case 'named':
      return isNullable(node.body)
    case 'repeat':
      return node.times.min === 0 || isNullable(node.body)
    case 'choice':
      return node.branches.some(isNullable)
    case 'sequence':
      return node.items.every(isNullable)
  }
}

const childrenOf = (node: PatternNode): readonly PatternNode[] => {
  if (node.kind === 'chars') return []
  if (node.kind === 'choice') return node.branches
  return node.kind === 'sequence' ? node.items : [node.body]
}

const leavesOf = (node: PatternNode): number =>
  node.kind === 'chars' ? 1 : childrenOf(node).reduce((sum, child) => sum + leavesOf(child), 0)

const depthOf = (node: PatternNode): number => 1 + Math.max(0, ...childrenOf(node).map(depthOf))

/** The most characters that it can take. */
function longest(node: PatternNode): number {
  switch (node.kind) {
    case 'chars':
      return 1
    case 'repeat':
      return node.times.max * longest(node.body)
    case 'choice':
      return Math.max(...node.branches.map(longest))
    default:
      return childrenOf(node).reduce((sum, child) => sum + longest(child), 0)
  }
}
