import { MapperError, type RawConfig } from '@mapper-sdk/core'
import { cleanUp, never, protocolOf } from '../driver.suite.ts'
import { browseTree, type TreeEnd, type TreeWish } from './browse-tree.ts'
import type { BrowsedNode } from './browsed-node.ts'
import { reach } from './reach.ts'

export const usualTree: TreeWish = {
  start: { nodeID: 'i=85' },
  ...{ depth: 100, most: 10_000, withProperties: false, withValues: true },
}

/** A walk that was begun, and the session that it is done in. */
export async function startWalk(
  url: string,
  wish: Partial<TreeWish> = {},
  options: { readonly signal?: AbortSignal; readonly config?: RawConfig } = {},
) {
  const protocol = protocolOf(url, options.config)
  const reached = await reach(protocol, never)
  cleanUp.push(() => reached.link.close())
  const { signal = never } = options
  return { reached, tree: browseTree(reached, protocol, { ...usualTree, ...wish }, signal) }
}

/** All that a walk finds. */
export async function walkAll(...args: Parameters<typeof startWalk>) {
  const { reached, tree } = await startWalk(...args)
  const nodes: BrowsedNode[] = []
  let end: TreeEnd | undefined
  while (end === undefined) {
    const next = await tree.next()
    if (next.done === true) end = next.value
    else nodes.push(next.value)
  }
  await reached.link.close()
  return { nodes, end, named: byName(nodes) }
}

/** One node by its name; the last of several. */
const byName = (nodes: readonly BrowsedNode[]) => {
  const found = new Map(nodes.map((node) => [node.name.name, node]))
  return (name: string): BrowsedNode => {
    const node = found.get(name)
    if (node === undefined) throw new MapperError('internal', `no node ${name} was found`)
    return node
  }
}
