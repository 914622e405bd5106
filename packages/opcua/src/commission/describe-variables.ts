import { MapperError, type Outcome, type Value } from '@mapper-sdk/core'
import type { DataValue, NodeId } from 'node-opcua-client'
import { nodeIdText } from '../config/node-id.ts'
import { severityOf } from '../data/status.ts'
import { outcomeOf } from '../data/value.ts'
import type { Library } from '../library.ts'
import { askInHalves } from '../link/ask-in-halves.ts'
import { chunk } from '../link/chunk.ts'
import type { OpcuaLink } from '../link/link.ts'
import { createNodeFacts, type NodeFacts } from '../nodes/node-facts.ts'
import type { BrowsedVariable } from './browsed-node.ts'

/** A variable, and those of its properties that say what its numbers mean. */
export interface Described {
  readonly nodeId: NodeId
  readonly unitId?: NodeId
  readonly rangeId?: NodeId
}

/** Asks what variables are and what they hold, in batches; one that fails has the reason. */
export type DescribeVariables = (
  variables: readonly Described[],
  signal: AbortSignal,
) => Promise<readonly (BrowsedVariable | MapperError)[]>

/** Texts, arrays and structures may be large: so many are asked for at once. */
const largeAtOnce = 10
/** More of a text or of bytes is not kept. */
const longest = 1024
const small: ReadonlySet<string | undefined> = new Set([
  ...['Boolean', 'SByte', 'Byte', 'Int16', 'UInt16', 'Int32', 'UInt32', 'Int64', 'UInt64'],
  ...['Float', 'Double', 'DateTime', 'Guid', 'StatusCode'],
])
const [browseNameId, valueId] = [3, 13]

export function createDescribeVariables(
  link: OpcuaLink,
  library: Library,
  options: { readonly mostPerCall: number; readonly withValues: boolean },
): DescribeVariables {
  const { mostPerCall, withValues } = options
  const askFacts = createNodeFacts(link, library, mostPerCall)
  const typeNames = new Map<string, string>()

  const read = async (
    nodes: readonly NodeId[],
    attributeId: number,
    size: number,
    signal: AbortSignal,
  ) => {
    const answers: (DataValue | MapperError)[] = []
    for (const part of chunk(nodes, Math.min(size, mostPerCall))) {
      const items = part.map((nodeId) => ({ nodeId, attributeId }))
      try {
        answers.push(
          ...(await askInHalves(link, items, (some) =>
            link.ask('read', (session) => session.read([...some]), signal),
          )),
        )
      } catch (thrown) {
        const error = MapperError.from(thrown)
        // A server that takes too long over one large value has still got all the others.
        if (error.code !== 'timeout' || signal.aborted || link.trouble !== undefined) throw error
        answers.push(...items.map(() => error))
      }
    }
    return answers
  }

  /** Each name is asked for once. */
  const nameTypes = async (types: readonly NodeId[], signal: AbortSignal) => {
    const unknown = new Map(
      types
        .filter((type) => !typeNames.has(type.toString()))
        .map((type) => [type.toString(), type]),
    )
    const answers = await read([...unknown.values()], browseNameId, mostPerCall, signal)
    ;[...unknown.keys()].forEach((key, index) => {
      const answer = answers[index]
      const name = goodValue(answer) as { name?: string | null } | undefined
      typeNames.set(key, name?.name ?? nodeIdText(unknown.get(key) ?? noNode))
    })
  }

  return async (variables, signal) => {
    const facts = await factsOf(variables, signal)
    await nameTypes(
      facts.flatMap((fact) => (fact instanceof MapperError ? [] : [fact.dataTypeId])),
      signal,
    )
    const enums = new Map<number, ReadonlyMap<number, string>>()
    for (const [index, fact] of facts.entries()) {
      if (fact instanceof MapperError || !isEnumeration(fact)) continue
      const names = await fact.enumNames(signal)
      if (names.size > 0) enums.set(index, names)
    }

    const values = new Map<NodeId, DataValue | MapperError>()
    const wanted = facts.flatMap((fact, index) => {
      const nodeId = variables[index]?.nodeId
      return fact instanceof MapperError || !fact.isReadable || nodeId === undefined
        ? []
        : [{ nodeId, isSmall: fact.shape === 'scalar' && small.has(fact.dataType) }]
    })
    const extra = variables.flatMap(({ unitId, rangeId }) => [unitId, rangeId].filter(isThere))
    for (const isSmall of [true, false]) {
      const nodes = withValues
        ? wanted.filter((each) => each.isSmall === isSmall).map(({ nodeId }) => nodeId)
        : []
      const all = isSmall ? [...nodes, ...extra] : nodes
      const answers = await read(all, valueId, isSmall ? mostPerCall : largeAtOnce, signal)
      all.forEach((nodeId, at) => {
        const answer = answers[at]
        if (answer !== undefined) values.set(nodeId, answer)
      })
    }

    return variables.map(({ nodeId, unitId, rangeId }, index): BrowsedVariable | MapperError => {
      const fact = facts[index]
      if (fact === undefined || fact instanceof MapperError) {
        return fact ?? new MapperError('internal', 'a node was not asked for')
      }
      const names = enums.get(index)
      const answer = values.get(nodeId)
      const unit = unitOf(goodValue(unitId && values.get(unitId)))
      const range = rangeOf(goodValue(rangeId && values.get(rangeId)))
      return {
        dataType: fact.dataType,
        typeName: typeNames.get(fact.dataTypeId.toString()) ?? '',
        ...{ shape: fact.shape, isReadable: fact.isReadable, isWritable: fact.isWritable },
        isEnumeration: names !== undefined,
        ...(answer && shortened(valueOf(answer, names))),
        ...(answer instanceof MapperError && { isRefused: true }),
        ...(unit !== undefined && { unit }),
        ...(range !== undefined && { range }),
      }
    })
  }

  /** Facts are asked for in one request for many; one that cannot be told must not hide the others. */
  async function factsOf(
    variables: readonly Described[],
    signal: AbortSignal,
  ): Promise<readonly (NodeFacts | MapperError)[]> {
    return askInHalves(link, variables, (some) =>
      askFacts(
        some.map(({ nodeId }) => nodeId),
        signal,
      ),
    )
  }
}

const noNode = { identifierType: 1, value: 0, namespace: 0 }
const isThere = (node: NodeId | undefined): node is NodeId => node !== undefined

/** An Int32 whose type is one of its own may have names; the plain type is i=6. */
const isEnumeration = ({ dataType, dataTypeId: { namespace, value } }: NodeFacts): boolean =>
  dataType === 'Int32' && !(namespace === 0 && value === 6)

const goodValue = (answer: DataValue | MapperError | undefined): unknown =>
  answer === undefined ||
  answer instanceof MapperError ||
  severityOf(answer.statusCode.value) !== 'good'
    ? undefined
    : (answer.value.value as unknown)

function valueOf(
  answer: DataValue | MapperError,
  enumNames: ReadonlyMap<number, string> | undefined,
): Outcome<Value> {
  if (answer instanceof MapperError) return { ok: false, error: answer }
  const showing = { ...(enumNames && { enumNames }), isEnumNamed: true }
  return outcomeOf(answer, { timestamps: 'local', ...showing }, Date.now())
}

function shortened(outcome: Outcome<Value>): Pick<BrowsedVariable, 'value' | 'wholeLength'> {
  const { value } = outcome.ok ? outcome : {}
  if (!outcome.ok || !(typeof value === 'string' || value instanceof Uint8Array)) {
    return { value: outcome }
  }
  if (value.length <= longest) return { value: outcome }
  return { value: { ...outcome, value: value.slice(0, longest) }, wholeLength: value.length }
}

function unitOf(value: unknown): string | undefined {
  const { displayName } = (value ?? {}) as { displayName?: { text?: string | null } | null }
  return displayName?.text?.trim() || undefined
}

function rangeOf(value: unknown): BrowsedVariable['range'] {
  const { low, high } = (value ?? {}) as { low?: unknown; high?: unknown }
  if (typeof low !== 'number' || typeof high !== 'number') return undefined
  return Number.isFinite(low) && Number.isFinite(high) && low < high ? { low, high } : undefined
}
