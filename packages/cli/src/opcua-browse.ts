import { access, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { MapperError, type RawConfig } from '@mapper-sdk/core'
import type { OpcuaProtocol } from '@mapper-sdk/opcua'
import {
  browseTree,
  deepestTree,
  deviceFiles,
  nodeFilter,
  reach,
  resourceName,
  type BrowsedNode,
  type TreeWish,
} from '@mapper-sdk/opcua/commission'
import { nodeJson, nodeLine, wayText } from './browsed-line.ts'
import { createProgress, type CommandIo, type Progress } from './command-io.ts'
import { printable } from './printable.ts'

export interface BrowseWish extends Omit<TreeWish, 'withValues'> {
  readonly protocol: OpcuaProtocol
  /** Only nodes that this names. */
  readonly filter?: string
  readonly onlyVariables: boolean
  readonly withValues: boolean
  /** Node ids with the index of their namespace. */
  readonly byIndex: boolean
  readonly json: boolean
}

export interface FilesWish {
  readonly folder: string
  /** Of the device; the name of the start if left out. */
  readonly name?: string
  readonly nodeName: string
  /** `spec.protocol.configData`. */
  readonly words: RawConfig
  readonly withMethods: boolean
  readonly force: boolean
}

const collectCycleMs = 1000

/**
 * Prints the tree below a node, as it is found. Ends early, with what was found, when the signal aborts.
 * Resolves with how many nodes were printed.
 */
export async function printTree(wish: BrowseWish, io: CommandIo): Promise<number> {
  const isWanted = wantedBy(wish)
  const isFlat = wish.filter !== undefined || wish.onlyVariables
  let printed = 0
  await walk(wish, io, (node, progress) => {
    if (!isWanted(node)) return
    printed++
    progress.clear()
    const line = wish.json ? nodeJson(node, wish.byIndex) : nodeLine(node, { isFlat, ...wish })
    io.out.write(`${line}\n`)
  })
  if (printed === 0 && !io.signal.aborted) io.err.write(`no node there${hintOf(wish)}\n`)
  return printed
}

/**
 * Writes a DeviceModel and a Device with the variables below a node. Files that exist stay as they are,
 * and nothing is written when the signal aborts. Resolves with how many properties they have.
 */
export async function writeTree(
  wish: BrowseWish,
  files: FilesWish,
  io: CommandIo,
): Promise<number> {
  const { folder, nodeName, words, withMethods, force } = files
  const isWanted = wantedBy(wish)
  const nodes: BrowsedNode[] = []
  let name = files.name
  if (name !== undefined) await refuseExisting(folder, name, force)
  const isWhole = await walk(wish, io, (node) => {
    if (node.depth === 0) name ??= nameOf(node)
    const isMethod = withMethods && node.nodeClass === 'Method'
    if ((node.nodeClass === 'Variable' || isMethod) && isWanted(node)) nodes.push(node)
  })
  if (!isWhole) {
    io.err.write('nothing was written\n')
    return 0
  }
  name ??= 'opcua-device'
  await refuseExisting(folder, name, force)
  const written = deviceFiles(nodes, { name, nodeName, protocol: words, collectCycleMs })
  for (const { node, why } of written.left) {
    io.err.write(`left out: ${printable(wayText(node.path), 500)}: ${printable(why)}\n`)
  }
  if (written.count === 0) {
    io.err.write(`no variable to write down${hintOf(wish)}; nothing was written\n`)
    return 0
  }
  await mkdir(folder, { recursive: true })
  const flag = force ? 'w' : 'wx'
  for (const [file, text] of [
    [modelFile(folder, name), written.model],
    [deviceFile(folder, name), written.device],
  ] as const) {
    await writeFile(file, text, { flag }).catch((thrown: unknown) => {
      throw MapperError.from(thrown, 'access_denied')
    })
    io.out.write(`${file}\n`)
  }
  io.out.write(
    `${written.count} ${written.count === 1 ? 'property' : 'properties'}; try: mapper check ${folder}, mapper dev ${folder}\n`,
  )
  return written.count
}

const modelFile = (folder: string, name: string) => path.join(folder, `${name}-model.yaml`)
const deviceFile = (folder: string, name: string) => path.join(folder, `${name}-device.yaml`)

async function refuseExisting(folder: string, name: string, force: boolean): Promise<void> {
  if (force) return
  for (const file of [modelFile(folder, name), deviceFile(folder, name)]) {
    const isThere = await access(file).then(
      () => true,
      () => false,
    )
    if (isThere) {
      throw new MapperError(
        'invalid_config',
        `${file} exists; add --force to replace it, or --name for another device`,
      )
    }
  }
}

const nameOf = ({ name, nodeId }: BrowsedNode) =>
  (nodeId === 'i=85' || nodeId === 'i=84' ? '' : resourceName(name.name)) || 'opcua-device'

function wantedBy({ filter, onlyVariables }: BrowseWish): (node: BrowsedNode) => boolean {
  const isNamed = filter === undefined ? () => true : nodeFilter(filter)
  return (node) => (!onlyVariables || node.nodeClass === 'Variable') && isNamed(node)
}

const hintOf = ({ filter }: BrowseWish) =>
  filter === undefined ? '' : ` that ${JSON.stringify(filter)} names`

/** False if it was stopped. */
async function walk(
  wish: BrowseWish,
  { err, signal }: CommandIo,
  take: (node: BrowsedNode, progress: Progress) => void,
): Promise<boolean> {
  const { protocol, most, depth } = wish
  const progress = createProgress(err)
  const start = `browsing ${protocol.url}; Ctrl-C stops`
  progress.show(start)
  let found = 0
  let last: BrowsedNode | undefined
  let shownAt = 0
  const reached = await stoppable(reach(protocol, signal), signal)
  if (reached === undefined) {
    progress.clear()
    err.write('stopped before anything was found\n')
    return false
  }
  try {
    const tree = browseTree(reached, protocol, wish, signal)
    for (let next; (next = await stoppable(tree.next(), signal)) !== undefined;) {
      if (next.done === true) {
        progress.clear()
        const { isCut, isDeeper } = next.value
        if (isCut) {
          err.write(
            `only the first ${most} nodes, up to ${placeOf(last)}; begin further down, or add --max ${most * 10}\n`,
          )
        }
        // Who asked for a few levels knows that there are more.
        if (isDeeper && depth === deepestTree) {
          err.write(`what is more than ${depth} levels down was left out; begin further down\n`)
        }
        return true
      }
      found++
      last = next.value
      const now = performance.now()
      if (err.isTTY === true && now - shownAt > 100) {
        progress.show(start, `${found} nodes, at ${printable(wayText(last.path), 60)}`)
        shownAt = now
      }
      take(last, progress)
    }
    progress.clear()
    err.write(`stopped at ${placeOf(last)}, after ${found} nodes\n`)
    return false
  } finally {
    await reached.link.close()
  }
}

const placeOf = (node: BrowsedNode | undefined) =>
  node === undefined ? 'the start' : printable(wayText(node.path), 500)

/** Undefined if it failed because somebody stopped it. */
async function stoppable<T>(pending: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  try {
    return await pending
  } catch (thrown) {
    if (signal.aborted) return undefined
    throw thrown
  }
}
