import type { NodeId } from 'node-opcua-client'
import { builtIn } from '../data/built-in.ts'
import type { Library } from '../library.ts'
import type { Session } from '../link/session.ts'

const enumeration = 29
/** Deeper than any hierarchy of types is; a server whose types go in a circle ends here. */
const deepest = 64

/**
 * The built-in type that values of a data type are made of, by the standard's number: 22 for structures,
 * 24 (Variant) for types that leave it open, such as Number. Undefined if the server does not tell.
 */
export async function basicTypeOf(
  session: Session,
  dataTypeId: NodeId,
  library: Library,
): Promise<number | undefined> {
  let type = dataTypeId
  for (let depth = 0; depth < deepest; depth++) {
    // In other namespaces the same numbers are types of the server's own.
    if (type.namespace === 0 && typeof type.value === 'number') {
      if (type.value === enumeration) return builtIn.Int32
      if (type.value <= builtIn.DiagnosticInfo) return type.value
    }
    const { references } = await session.browse({
      nodeId: type,
      referenceTypeId: library.resolveNodeId('HasSubtype'),
      browseDirection: library.BrowseDirection.Inverse,
      includeSubtypes: false,
      nodeClassMask: 0,
      resultMask: 0,
    })
    const base = references?.[0]?.nodeId
    if (base === undefined) return undefined
    type = base
  }
  return undefined
}
