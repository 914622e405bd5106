import type * as Library from 'node-opcua-client'
import type { PlacedNodeId } from '../config/node-id.ts'

/** What only a session and the loaded library know when a value is written. */
export interface WriteContext {
  /** The server's namespaces, in its order. */
  readonly namespaces: readonly string[]
  /** Variants take nothing but node-opcua's own NodeIds. */
  nodeId(placed: PlacedNodeId): unknown
  expandedNodeId(placed: PlacedExpandedNodeId): unknown
  /** A StatusCode of node-opcua by its name or number; undefined if there is none. */
  statusCode(nameOrNumber: string | number): unknown
}

export type PlacedExpandedNodeId = PlacedNodeId & {
  readonly namespaceUri: string | null
  readonly serverIndex: number
}

export function writeContextOf(
  library: Pick<typeof Library, 'coerceNodeId' | 'coerceExpandedNodeId' | 'StatusCodes'>,
  namespaces: readonly string[],
): WriteContext {
  // The class of the codes carries other things as well.
  const codes = new Map(
    Object.entries(library.StatusCodes).flatMap(([name, code]: [string, unknown]) =>
      typeof code === 'object' && code !== null && 'value' in code ? [[name, code]] : [],
    ),
  )
  return {
    namespaces,
    nodeId: (placed) => library.coerceNodeId(placed),
    expandedNodeId: (placed) => library.coerceExpandedNodeId(placed),
    statusCode: (wanted) =>
      typeof wanted === 'string'
        ? codes.get(wanted)
        : [...codes.values()].find(({ value }) => value === wanted),
  }
}
