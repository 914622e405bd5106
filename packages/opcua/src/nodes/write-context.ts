import type { WriteContext } from '../data/element.ts'
import type { Library } from '../library.ts'

/** What values need of the library and of the server to be written. */
export const writeContext = (library: Library, namespaces: readonly string[]): WriteContext => {
  const statuses = library.StatusCodes as unknown as Readonly<Record<string, { value?: number }>>
  return {
    namespaces,
    nodeId: (placed) => library.coerceNodeId(placed),
    expandedNodeId: (placed) => library.coerceExpandedNodeId(placed),
    statusCode: (which) =>
      typeof which === 'string'
        ? Object.hasOwn(statuses, which)
          ? statuses[which]
          : undefined
        : Object.values(statuses).find(({ value }) => value === which),
  }
}
