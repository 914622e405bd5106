import { MapperError } from '@mapper-sdk/core'
import type { DataValue, NodeId } from 'node-opcua-client'
import { dataTypes, type DataTypeName } from '../config/visitor.ts'
import { builtIn } from '../data/built-in.ts'
import { statusError } from '../data/status.ts'
import type { Library } from '../library.ts'
import { chunk } from '../link/chunk.ts'
import type { OpcuaLink } from '../link/link.ts'
import type { Session } from '../link/session.ts'
import { basicTypeOf } from './basic-type.ts'

/** What the server says of a variable. */
export interface NodeFacts {
  /** The built-in type of its values; undefined for structures and where only a value tells. */
  readonly dataType: DataTypeName | undefined
  readonly isStructure: boolean
  /** The node of its data type. */
  readonly dataTypeId: NodeId
  /** What its values are; `any` if they may be this or that. */
  readonly shape: 'scalar' | 'array' | 'matrix' | 'any'
  readonly isReadable: boolean
  readonly isWritable: boolean
  /** Asks for the names of its states by number; none if they have no names. */
  enumNames(signal: AbortSignal): Promise<ReadonlyMap<number, string>>
}

/** Asks what is not known yet, and keeps it as long as the session lives. */
export type AskNodeFacts = (
  nodes: readonly NodeId[],
  signal: AbortSignal,
) => Promise<readonly (NodeFacts | MapperError)[]>

const attributes = { dataType: 14, valueRank: 15, accessLevel: 17, userAccessLevel: 18 } as const
const asked = Object.values(attributes)
const [canRead, canWrite] = [1, 2]
const canBoth = canRead | canWrite

export function createNodeFacts(
  link: OpcuaLink,
  library: Library,
  mostPerCall: number,
): AskNodeFacts {
  const known = new WeakMap<NodeId, NodeFacts>()
  const types = new Map<string, Promise<TypeFacts>>()
  const names = new WeakMap<NodeId, ReadonlyMap<number, string>>()

  const typeOf = (typeId: NodeId, signal: AbortSignal): Promise<TypeFacts> => {
    const key = typeId.toString()
    const asking =
      types.get(key) ??
      link.ask('data type', (session) => askType(session, typeId, library), signal)
    types.set(key, asking)
    asking.catch(() => types.delete(key))
    return asking
  }

  const factsOf = async (
    nodeId: NodeId,
    [type, rank, access, userAccess]: readonly (DataValue | undefined)[],
    signal: AbortSignal,
  ): Promise<NodeFacts | MapperError> => {
    if (type === undefined || type.statusCode.isNotGood()) {
      return type === undefined
        ? new MapperError('bad_data', 'the server left out an answer')
        : statusError(type.statusCode)
    }
    const dataTypeId = type.value.value as NodeId
    const { dataType, isStructure } = await typeOf(dataTypeId, signal)
    const valueRank = numberOf(rank)
    const level = (numberOf(access) ?? canBoth) & (numberOf(userAccess) ?? canBoth)
    return {
      ...{ dataType, isStructure, dataTypeId },
      shape: shapeOf(valueRank),
      isReadable: (level & canRead) !== 0,
      isWritable: (level & canWrite) !== 0,
      enumNames: (until) => namesOf(nodeId, dataTypeId, until),
    }
  }

  const namesOf = async (nodeId: NodeId, typeId: NodeId, signal: AbortSignal) => {
    const known = names.get(nodeId)
    if (known !== undefined) return known
    const found =
      (await link.ask('states', (session) => statesOf(session, nodeId, library), signal)) ??
      (await typeOf(typeId, signal)).enumNames ??
      new Map<number, string>()
    names.set(nodeId, found)
    return found
  }

  return async (nodes, signal) => {
    const unknown = [...new Set(nodes)].filter((node) => !known.has(node))
    const failed = new Map<NodeId, MapperError>()
    for (const part of chunk(unknown, Math.max(1, Math.floor(mostPerCall / asked.length)))) {
      const items = part.flatMap((nodeId) => asked.map((attributeId) => ({ nodeId, attributeId })))
      const values = await link.ask('node facts', (session) => session.read(items), signal)
      for (const [index, node] of part.entries()) {
        const from = index * asked.length
        const facts = await factsOf(node, values.slice(from, from + asked.length), signal)
        if (facts instanceof MapperError) failed.set(node, facts)
        else known.set(node, facts)
      }
    }
    return nodes.map(
      (node) =>
        known.get(node) ??
        failed.get(node) ??
        new MapperError('internal', 'a node was not asked for'),
    )
  }
}

/** Part 3, 5.6.2; 0 is an array of any dimensions. */
export function shapeOf(valueRank: number | undefined): NodeFacts['shape'] {
  if (valueRank === -1) return 'scalar'
  if (valueRank === 1) return 'array'
  return valueRank !== undefined && valueRank > 1 ? 'matrix' : 'any'
}

const numberOf = (dataValue: DataValue | undefined): number | undefined => {
  const value: unknown = dataValue?.statusCode.isGood() === true ? dataValue.value.value : undefined
  return typeof value === 'number' ? value : undefined
}

interface TypeFacts {
  readonly dataType: DataTypeName | undefined
  readonly isStructure: boolean
  readonly enumNames: ReadonlyMap<number, string> | undefined
}

const dataTypeDefinition = 23

async function askType(session: Session, typeId: NodeId, library: Library): Promise<TypeFacts> {
  const basic = await basicTypeOf(session, typeId, library)
  const dataType = dataTypes.find((each) => builtIn[each] === basic)
  const isStructure = basic === builtIn.ExtensionObject
  if (dataType !== 'Int32') return { dataType, isStructure, enumNames: undefined }
  const { value } = await session.read({ nodeId: typeId, attributeId: dataTypeDefinition })
  const definition = value?.value as
    | { schema?: { name?: string }; fields?: readonly { name?: string; value?: unknown }[] | null }
    | undefined
  const fields = definition?.schema?.name === 'EnumDefinition' ? definition.fields : undefined
  if (fields == null) {
    return { dataType, isStructure, enumNames: await statesOf(session, typeId, library) }
  }
  const names = fields.map((field) => [numberOfInt64(field.value), field.name ?? ''] as const)
  return { dataType, isStructure, enumNames: new Map(names) }
}

/** The names of states that a node lists in its properties EnumStrings or EnumValues. */
async function statesOf(
  session: Session,
  nodeId: NodeId,
  library: Library,
): Promise<ReadonlyMap<number, string> | undefined> {
  const properties = ['EnumStrings', 'EnumValues']
  const found = await session.translateBrowsePath(
    properties.map((name) => library.makeBrowsePath(nodeId, `.${name}`)),
  )
  for (const [index, name] of properties.entries()) {
    const target = found[index]?.targets?.[0]?.targetId
    if (target == null) continue
    const { value } = await session.read({ nodeId: target, attributeId: 13 })
    const list: unknown = value?.value
    if (!Array.isArray(list)) continue
    return new Map(
      list.map((entry: { text?: string; value?: unknown; displayName?: { text?: string } }, at) =>
        name === 'EnumStrings'
          ? [at, entry.text ?? '']
          : [numberOfInt64(entry.value), entry.displayName?.text ?? ''],
      ),
    )
  }
  return undefined
}

/** The client library gives 64-bit integers as [high, low]. */
const numberOfInt64 = (value: unknown): number =>
  Array.isArray(value) ? (Number(value[0]) | 0) * 2 ** 32 + Number(value[1]) : Number(value)
