import { MapperError } from '@mapper-sdk/core'
import type { NodeId } from 'node-opcua-client'
import { parseBrowsePath, placeBrowsePath } from '../config/browse-path.ts'
import { parseNodeId, placeNodeId } from '../config/node-id.ts'
import { statusError } from '../data/status.ts'
import type { Library } from '../library.ts'
import { chunk } from '../link/chunk.ts'
import type { OpcuaLink } from '../link/link.ts'

/** How a visitor names its node. */
export interface NodeName {
  readonly nodeID: string
  readonly browsePath?: string
}

/** Finds the nodes of visitors in this session; what was found stays valid as long as that. */
export interface NodeResolver {
  /** Answers a node or the reason why there is none, for each of them, in the same order. */
  resolve(
    names: readonly NodeName[],
    signal: AbortSignal,
  ): Promise<readonly (NodeId | MapperError)[]>
}

export function createNodeResolver(
  link: OpcuaLink,
  library: Library,
  mostPerCall: number,
): NodeResolver {
  const found = new WeakMap<NodeName, NodeId>()
  const { namespaces } = link.facts

  const placed = (name: NodeName): NodeId | MapperError => {
    try {
      return library.coerceNodeId(placeNodeId(parseNodeId(name.nodeID), namespaces))
    } catch (thrown) {
      return inField('nodeID', thrown)
    }
  }

  /** Where the browse paths lead; asks the server in as few requests as it allows. */
  const follow = async (names: readonly NodeName[], signal: AbortSignal) => {
    const paths: { readonly name: NodeName; readonly path: object }[] = []
    const answers = new Map<NodeName, NodeId | MapperError>()
    for (const name of names) {
      const start = placed(name)
      if (start instanceof MapperError) answers.set(name, start)
      else {
        try {
          const steps = placeBrowsePath(parseBrowsePath(name.browsePath ?? ''), namespaces)
          const elements = steps.map((step) => ({
            ...step,
            referenceTypeId: library.coerceNodeId(step.referenceTypeId),
          }))
          paths.push({ name, path: { startingNode: start, relativePath: { elements } } })
        } catch (thrown) {
          answers.set(name, inField('browsePath', thrown))
        }
      }
    }
    for (const part of chunk(paths, mostPerCall)) {
      const results = await link.ask(
        'translate browse paths',
        (session) => session.translateBrowsePath(part.map(({ path }) => path)),
        signal,
      )
      part.forEach(({ name }, index) => {
        const result = results[index]
        const target = result?.targets?.[0]?.targetId
        if (result?.statusCode.isGood() === true && target != null) {
          answers.set(name, library.coerceNodeId(target))
        } else answers.set(name, lost(name, result?.statusCode))
      })
    }
    return answers
  }

  return {
    async resolve(names, signal) {
      const byPath = names.filter((name) => name.browsePath !== undefined && !found.has(name))
      const answers = byPath.length === 0 ? undefined : await follow(byPath, signal)
      return names.map((name) => {
        const node = found.get(name) ?? answers?.get(name) ?? placed(name)
        if (!(node instanceof MapperError)) found.set(name, node)
        return node
      })
    },
  }
}

const lost = (name: NodeName, status: Parameters<typeof statusError>[0] | undefined) =>
  new MapperError(
    'invalid_config',
    `the server finds no node at browsePath ${name.browsePath} from ${name.nodeID}${status === undefined ? '' : `: ${statusError(status).detail}`}`,
  )

const inField = (field: string, thrown: unknown) => {
  const { code, detail } = MapperError.from(thrown, 'invalid_config')
  return new MapperError(code, `${field} ${detail}`, { cause: thrown })
}
