import { MapperError } from '@mapper-sdk/core'
import type { NodeId } from 'node-opcua-client'
import { dataTypes, type DataTypeName } from '../config/visitor.ts'
import { builtIn } from '../data/built-in.ts'
import type { OpcuaLink } from '../link/link.ts'

/** The type of the value that a node has now, for nodes whose own type leaves it open, such as Number. */
export async function typeByValue(
  link: OpcuaLink,
  nodeId: NodeId,
  signal: AbortSignal,
): Promise<DataTypeName | MapperError> {
  const { value } = await link.ask(
    'read',
    (session) => session.read({ nodeId, attributeId: 13 }),
    signal,
  )
  const type = dataTypes.find((each) => builtIn[each] === Number(value.dataType))
  return (
    type ??
    new MapperError('unsupported', 'the node does not say of which type it is; set dataType')
  )
}
