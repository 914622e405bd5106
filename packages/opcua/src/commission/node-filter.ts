import type { BrowsedNode } from './browsed-node.ts'

/**
 * Whether a node is one of those that a text names, in any case: with `*` or `?` in it, a pattern for
 * its name, or with a `/` for the names on the way to it; else a part of its name or node id.
 */
export function nodeFilter(text: string): (node: BrowsedNode) => boolean {
  const wanted = text.toLowerCase()
  const isPattern = /[*?]/.test(wanted)
  const isWay = wanted.includes('/')
  return ({ name, displayName, path, nodeId, indexedId }) => {
    const way = `/${path.map((step) => step.name).join('/')}`.toLowerCase()
    const names = isWay ? [way] : [name.name.toLowerCase(), displayName.toLowerCase()]
    if (isPattern) return names.some((each) => matches(wanted, each))
    return [...names, nodeId.toLowerCase(), indexedId].some((each) => each.includes(wanted))
  }
}

/** `*` stands for any characters, `?` for one. Goes over the text once for each `*` at most. */
export function matches(pattern: string, text: string): boolean {
  let [at, next, star, mark] = [0, 0, -1, 0]
  while (at < text.length) {
    const wanted = pattern[next]
    if (wanted === '*') [star, mark] = [next++, at]
    else if (wanted !== undefined && (wanted === '?' || wanted === text[at]))
      [at, next] = [at + 1, next + 1]
    else if (star >= 0) [next, at] = [star + 1, ++mark]
    else return false
  }
  while (pattern[next] === '*') next++
  return next === pattern.length
}
