import type { CharSet } from './char-set.ts'
import type { PatternNode, PatternTree } from './pattern-tree.ts'

/** The most steps that are counted; a hopeless expression would never end. */
const enough = 1_000_000

/**
 * Steps of an engine that goes back and tries again, without anything that makes it faster. The first match
 * ends the search.
 */
export function stepsOf({ fromStart, toEnd, body }: PatternTree, text: string): number {
  const characters = Array.from(text, (character) => character.codePointAt(0) ?? 0)
  let steps = 0

  type Then = (at: number) => boolean

  function run(node: PatternNode, at: number, then: Then): boolean {
    if (steps++ > enough) return true
    switch (node.kind) {
      case 'chars':
        return holds(node.set, characters[at]) && then(at + 1)
      case 'named':
        return run(node.body, at, then)
      case 'choice':
        return node.branches.some((branch) => run(branch, at, then))
      case 'sequence':
        return inTurn(node.items, 0, at, then)
      case 'repeat':
        return again(node, 0, at, then)
    }
  }

  function inTurn(items: readonly PatternNode[], index: number, at: number, then: Then): boolean {
    const item = items[index]
    if (item === undefined) return then(at)
    return run(item, at, (next) => inTurn(items, index + 1, next, then))
  }

  function again(
    node: Extract<PatternNode, { kind: 'repeat' }>,
    done: number,
    at: number,
    then: Then,
  ): boolean {
    const { min, max, lazy } = node.times
    const once = () =>
      done < max &&
      run(node.body, at, (next) => (next > at || done < min) && again(node, done + 1, next, then))
    if (done < min) return once()
    return lazy ? then(at) || once() : once() || then(at)
  }

  for (let start = 0; start <= (fromStart ? 0 : characters.length); start++) {
    steps++
    if (run(body, start, (at) => !toEnd || at === characters.length)) break
  }
  return steps
}

/** What is allowed for one character: each part of the expression once on each level. */
export function stepsPerCharacter({ body }: PatternTree): number {
  const { parts, depth } = sizeOf(body)
  return 4 + 2 * parts * depth
}

function sizeOf(node: PatternNode): { readonly parts: number; readonly depth: number } {
  const children =
    node.kind === 'chars'
      ? []
      : node.kind === 'choice'
        ? node.branches
        : node.kind === 'sequence'
          ? node.items
          : [node.body]
  const sizes = children.map(sizeOf)
  return {
    parts: sizes.reduce((sum, { parts }) => sum + parts, 1),
    depth: 1 + Math.max(0, ...sizes.map(({ depth }) => depth)),
  }
}

const holds = (set: CharSet, code: number | undefined) =>
  code !== undefined && set.some(([from, to]) => code >= from && code <= to)
