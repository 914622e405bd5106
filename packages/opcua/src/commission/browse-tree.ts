import { canceled, MapperError } from '@mapper-sdk/core'
import type { NodeId, ReferenceDescription } from 'node-opcua-client'
import { parseBrowsePath, placeBrowsePath } from '../config/browse-path.ts'
import { nodeIdText } from '../config/node-id.ts'
import { severityOf, statusError } from '../data/status.ts'
import type { OpcuaProtocol } from '../config/protocol.ts'
import { chunk } from '../link/chunk.ts'
import { createNodeResolver, type NodeName } from '../nodes/resolve-nodes.ts'
import { createAskReferences, type AskReferences, type References } from './ask-references.ts'
import { nodeClasses, type BrowsedNode, type NodeClassName, type Step } from './browsed-node.ts'
import {
  createDescribeVariables,
  type Described,
  type DescribeVariables,
} from './describe-variables.ts'
import type { Reached } from './reach.ts'

export interface TreeWish {
  /** Where to begin. */
  readonly start: NodeName
  /** Levels below the start; those at the last one are found, not followed. */
  readonly depth: number
  /** Nodes that are found at most. */
  readonly most: number
  /** Whether properties of nodes are nodes of the tree. */
  readonly withProperties: boolean
  readonly withValues: boolean
  /** The most references of a node in one answer; the rest is asked for. */
  readonly mostPerAnswer?: number
}

/** What a walk that ended by itself left out. */
export interface TreeEnd {
  /** There are more nodes than were wanted. */
  readonly isCut: boolean
  /** Something that may have nodes below it was as deep as was wanted. */
  readonly isDeeper: boolean
}

/** Deeper than this, a tree is taken for one without an end. */
export const deepestTree = 100
/** Nodes that are asked for at once: few enough to end soon, enough to be quick. */
const atOnce = 100
const serverNode = 2253
const hasProperty = 46
const follows: ReadonlySet<NodeClassName> = new Set([
  ...(['Object', 'Variable', 'ObjectType', 'VariableType', 'ReferenceType'] as const),
  ...(['DataType', 'View'] as const),
])

interface Entry {
  readonly nodeId: NodeId
  readonly key: string
  readonly name: Step
  readonly displayName: string
  readonly nodeClass: NodeClassName
  readonly isElsewhere: boolean
}
interface Looked {
  readonly below: readonly ReferenceDescription[]
  readonly isCut: boolean
  readonly facts: Pick<BrowsedNode, 'variable' | 'problem'>
}
interface Frame {
  readonly entries: readonly Entry[]
  readonly path: readonly Step[]
  readonly parent: Entry | undefined
  readonly ready: Map<number, Looked>
  at: number
}

/**
 * Walks the tree below a node, each node before those below it, and follows a node that several lead to
 * once. What is below the node `Server` is left out, unless it is the start. A node that fails says so
 * and the others go on. Memory: what was found so far is known by its id, and at most `most` more nodes
 * a level are waiting. Throws a MapperError when the start is not there, the link is lost, or with the
 * signal's reason, at once.
 */
export async function* browseTree(
  { link, library }: Reached,
  protocol: OpcuaProtocol,
  wish: TreeWish,
  signal: AbortSignal,
): AsyncGenerator<BrowsedNode, TreeEnd, undefined> {
  const { limits, namespaces } = link.facts
  const most = (limit: number) => Math.min(limit, protocol.maxNodesPerRequest)
  const askReferences = createAskReferences(link, {
    mostPerCall: most(limits.browse),
    mostPerNode: wish.mostPerAnswer ?? 1000,
  })
  const describe = createDescribeVariables(link, library, {
    mostPerCall: most(limits.read),
    withValues: wish.withValues,
  })
  const look = createLook(askReferences, describe, wish.withProperties)

  const entryOf = (reference: ReferenceDescription): Entry => {
    const { nodeId: target, browseName, displayName, nodeClass } = reference
    const uri = target.namespaceUri ? namespaces.indexOf(target.namespaceUri) : -1
    const nodeId = library.coerceNodeId(target)
    if (uri >= 0) nodeId.namespace = uri
    return {
      ...{ nodeId, key: nodeIdText(nodeId), isElsewhere: target.serverIndex > 0 },
      name: { namespace: browseName.namespaceIndex, name: browseName.name ?? '' },
      displayName: displayName.text ?? '',
      nodeClass: nodeClasses[nodeClass as keyof typeof nodeClasses] ?? 'unknown',
    }
  }
  const idOf = ({ nodeId }: Entry) => {
    const namespaceUri = nodeId.namespace === 0 ? undefined : namespaces[nodeId.namespace]
    const { identifierType, value, namespace } = nodeId
    return nodeIdText({ identifierType, value, namespace, ...(namespaceUri && { namespaceUri }) })
  }

  const start = await askStart({ link, library }, wish.start, most(limits.translate), signal)
  const frameOf = (entries: readonly Entry[], path: readonly Step[], parent?: Entry): Frame => ({
    ...{ entries, path, parent, ready: new Map<number, Looked>(), at: 0 },
  })
  const isClosed = (entry: Entry) =>
    entry.isElsewhere ||
    (entry !== start && entry.nodeId.namespace === 0 && entry.nodeId.value === serverNode)
  const seen = new Set<string>()
  const way = wayTo(wish.start, namespaces)
  const stack = [frameOf([start], way)]
  let left = wish.most
  let isDeeper = false

  for (let frame; (frame = stack.at(-1)) !== undefined;) {
    if (signal.aborted) throw canceled(signal)
    const at = frame.at++
    const entry = frame.entries[at]
    if (entry === undefined) {
      stack.pop()
      continue
    }
    if (left === 0) return { isCut: true, isDeeper }
    const depth = stack.length - 1
    const isFollowed = (each: Entry) =>
      depth < wish.depth && follows.has(each.nodeClass) && !isClosed(each)
    const isRepeated = seen.has(entry.key)
    if (!isRepeated && !frame.ready.has(at)) {
      const ahead: number[] = []
      for (let next = at; next < frame.entries.length && ahead.length < atOnce; next++) {
        const other = frame.entries[next]
        if (other !== undefined && !seen.has(other.key)) ahead.push(next)
      }
      const entries = ahead.flatMap((index) => frame.entries[index] ?? [])
      const looked = await look(entries, isFollowed, left, signal)
      ahead.forEach((index, place) => {
        const found = looked[place]
        if (found !== undefined) frame.ready.set(index, found)
      })
    }
    let looked = frame.ready.get(at)
    frame.ready.delete(at)
    // The nodes that were asked for with it left no room for all that is below it.
    if (!isRepeated && looked?.isCut === true && looked.below.length < left) {
      ;[looked] = await look([entry], isFollowed, left, signal)
    }
    seen.add(entry.key)
    const isLast = depth === wish.depth && entry.nodeClass === 'Object'
    if (isLast && !isRepeated && !isClosed(entry)) isDeeper = true
    left--
    const path = depth === 0 ? frame.path : [...frame.path, entry.name]
    const note = isRepeated ? 'repeated' : isClosed(entry) ? 'closed' : undefined
    yield {
      ...{ nodeId: idOf(entry), indexedId: entry.key, depth, path, name: entry.name },
      parentId: idOf(frame.parent ?? entry),
      ...{ displayName: entry.displayName, nodeClass: entry.nodeClass },
      ...(!isRepeated && looked?.facts),
      ...(note !== undefined && { note }),
    }
    if (!isRepeated && looked !== undefined && isFollowed(entry) && looked.below.length > 0) {
      stack.push(frameOf(looked.below.map(entryOf), path, entry))
    }
  }
  return { isCut: false, isDeeper }
}

type Look = (
  entries: readonly Entry[],
  isFollowed: (entry: Entry) => boolean,
  most: number,
  signal: AbortSignal,
) => Promise<readonly Looked[]>

const isProperty = ({ referenceTypeId: { namespace, value } }: ReferenceDescription) =>
  namespace === 0 && value === hasProperty

function createLook(
  askReferences: AskReferences,
  describe: DescribeVariables,
  withProperties: boolean,
): Look {
  return async (entries, isFollowed, most, signal) => {
    const isVariable = ({ nodeClass }: Entry) => nodeClass === 'Variable'
    // A variable that is not followed is asked for its properties all the same.
    const asked = entries.filter((entry) => isVariable(entry) || isFollowed(entry))
    const references = new Map<Entry, References | MapperError>()
    const answers = await askReferences(
      asked.map(({ nodeId }) => nodeId),
      // Properties take room as well, and are not counted in the end.
      most + 8 * asked.length,
      signal,
    )
    asked.forEach((entry, index) => {
      const answer = answers[index]
      if (answer !== undefined) references.set(entry, answer)
    })
    const variables = entries.filter((entry) => isVariable(entry) && !entry.isElsewhere)
    const described = await describe(
      variables.map((entry) => describedOf(entry, references.get(entry))),
      signal,
    )
    return entries.map((entry): Looked => {
      const answer = references.get(entry)
      const variable = described[variables.indexOf(entry)]
      const problem =
        variable instanceof MapperError
          ? variable
          : answer instanceof MapperError
            ? answer
            : undefined
      const found = answer === undefined || answer instanceof MapperError ? [] : answer.found
      return {
        below: isFollowed(entry)
          ? found.filter((reference) => withProperties || !isProperty(reference))
          : [],
        isCut: !(answer instanceof MapperError) && answer?.isCut === true,
        facts: {
          ...(variable !== undefined && !(variable instanceof MapperError) && { variable }),
          ...(problem !== undefined && { problem }),
        },
      }
    })
  }
}

function describedOf({ nodeId }: Entry, answer: References | MapperError | undefined): Described {
  const properties =
    answer === undefined || answer instanceof MapperError ? [] : answer.found.filter(isProperty)
  const idOf = (name: string) => {
    const found = properties.find(
      ({ browseName }) => browseName.namespaceIndex === 0 && browseName.name === name,
    )
    return found?.nodeId
  }
  const [unitId, rangeId] = [idOf('EngineeringUnits'), idOf('EURange')]
  return { nodeId, ...(unitId && { unitId }), ...(rangeId && { rangeId }) }
}

/** The names to a start that is named by a plain browse path from the Objects folder; else none. */
function wayTo({ nodeID, browsePath }: NodeName, namespaces: readonly string[]): readonly Step[] {
  if (browsePath === undefined || nodeID !== 'i=85') return []
  const steps = placeBrowsePath(parseBrowsePath(browsePath), namespaces)
  if (steps.some(({ isInverse }) => isInverse)) return []
  return steps.map(({ targetName: { namespaceIndex: namespace, name } }) => ({ namespace, name }))
}

/** The node that it begins with. */
async function askStart(
  { link, library }: Reached,
  name: NodeName,
  mostPerCall: number,
  signal: AbortSignal,
): Promise<Entry> {
  const [nodeId] = await createNodeResolver(link, library, mostPerCall).resolve([name], signal)
  if (nodeId === undefined || nodeId instanceof MapperError) {
    throw nodeId ?? new MapperError('internal', 'the start was not asked for')
  }
  const [nodeClassId, browseNameId, displayNameId] = [2, 3, 4]
  const items = [nodeClassId, browseNameId, displayNameId].map((attributeId) => ({
    ...{ nodeId, attributeId },
  }))
  const answers = []
  for (const part of chunk(items, Math.min(link.facts.limits.read, items.length))) {
    answers.push(...(await link.ask('read', (session) => session.read([...part]), signal)))
  }
  const [nodeClass, browseName, displayName] = answers
  if (nodeClass === undefined || severityOf(nodeClass.statusCode.value) === 'bad') {
    const status = nodeClass?.statusCode
    throw status === undefined
      ? new MapperError('bad_data', 'the server left out an answer')
      : statusError(status, nodeIdText(nodeId))
  }
  const qualified = browseName?.value.value as { namespaceIndex?: number; name?: string } | null
  const shown = displayName?.value.value as { text?: string | null } | null
  const number = nodeClass.value.value as keyof typeof nodeClasses
  return {
    ...{ nodeId, key: nodeIdText(nodeId), isElsewhere: false },
    name: { namespace: qualified?.namespaceIndex ?? 0, name: qualified?.name ?? '' },
    displayName: shown?.text ?? '',
    nodeClass: nodeClasses[number] ?? 'unknown',
  }
}
