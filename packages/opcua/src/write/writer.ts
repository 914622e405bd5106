import { MapperError, type Outcome, type Write } from '@mapper-sdk/core'
import type { NodeId, WriteValueOptions } from 'node-opcua-client'
import type { Caller } from '../call/caller.ts'
import type { OpcuaVisitor } from '../config/visitor.ts'
import { attributeIds, attributeTypes } from '../data/attribute-ids.ts'
import { rangeOf } from '../data/index-range.ts'
import { severityOf, statusError } from '../data/status.ts'
import { variantOf, type WrittenVariant } from '../data/variant.ts'
import type { Library } from '../library.ts'
import { chunk } from '../link/chunk.ts'
import type { OpcuaLink } from '../link/link.ts'
import type { AskNodeFacts, NodeFacts } from '../nodes/node-facts.ts'
import { writeContextOf } from '../data/write-context.ts'
import type { NodeResolver } from '../nodes/resolve-nodes.ts'
import { createStructureMaker } from './structure-maker.ts'
import { typeByValue } from './type-by-value.ts'

type Writes = readonly Write<OpcuaVisitor>[]
type Written = Outcome<void>

/** Writes in order: variables that follow one another together, methods one by one. */
export interface Writer {
  write(writes: Writes, signal: AbortSignal): Promise<readonly Written[]>
}

export function createWriter(
  link: OpcuaLink,
  options: {
    readonly library: Library
    readonly resolver: NodeResolver
    readonly askFacts: AskNodeFacts
    readonly caller: Caller
    readonly mostPerCall: number
  },
): Writer {
  const { library, resolver, askFacts, caller, mostPerCall } = options

  const context = writeContextOf(library, link.facts.namespaces)

  const structures = createStructureMaker(link, context)

  /** What goes on the wire, with the type that the node has; or why it cannot be written. */
  const variantFor = async (
    { visitor, value }: Write<OpcuaVisitor>,
    nodeId: NodeId,
    facts: NodeFacts,
    signal: AbortSignal,
  ): Promise<WrittenVariant | MapperError> => {
    if (!facts.isWritable) {
      return new MapperError('access_denied', 'the server does not let this user write the node')
    }
    const shape = shapeFor(visitor, facts)
    if (visitor.dataType === undefined && facts.isStructure) {
      return structures.make(value, { nodeId, dataTypeId: facts.dataTypeId }, shape, signal)
    }
    const dataType = visitor.dataType ?? facts.dataType ?? (await typeByValue(link, nodeId, signal))
    if (dataType instanceof MapperError) return dataType
    const enumNames = typeof value === 'string' ? await facts.enumNames(signal) : undefined
    return variantOf(value, { dataType, shape, enumNames }, context)
  }

  const attributeFor = ({ visitor: { attribute }, value }: Write<OpcuaVisitor>) =>
    attribute === 'Value'
      ? undefined
      : variantOf(
          value,
          {
            dataType: attributeTypes[attribute],
            shape: attribute === 'ArrayDimensions' ? 'array' : 'scalar',
          },
          context,
        )

  const valueOf = async (
    write: Write<OpcuaVisitor>,
    nodeId: NodeId,
    facts: NodeFacts | MapperError | undefined,
    signal: AbortSignal,
  ): Promise<WriteValueOptions | MapperError> => {
    const { visitor } = write
    if (visitor.member !== undefined) {
      return new MapperError(
        'unsupported',
        `member ${visitor.member} can only be read; write the whole value, or one element with indexRange`,
      )
    }
    let variant = attributeFor(write)
    if (variant === undefined) {
      if (facts === undefined || facts instanceof MapperError) return facts ?? leftOut()
      variant = await variantFor(write, nodeId, facts, signal)
    }
    if (variant instanceof MapperError) return variant
    return {
      nodeId,
      attributeId: attributeIds[visitor.attribute],
      ...rangeOf(visitor),
      // No timestamps: many servers refuse a write that brings them.
      value: { value: variant },
    }
  }

  const writeVariables = async (writes: Writes, signal: AbortSignal): Promise<Written[]> => {
    const nodes = await resolver.resolve(
      writes.map(({ visitor }) => visitor),
      signal,
    )
    const there = nodes.filter(
      (node, at): node is NodeId =>
        !(node instanceof MapperError) && writes[at]?.visitor.attribute === 'Value',
    )
    const facts = new Map<NodeId, NodeFacts | MapperError>()
    const answers = await askFacts(there, signal)
    there.forEach((node, index) => {
      const answer = answers[index]
      if (answer) facts.set(node, answer)
    })
    const outcomes: Written[] = []
    const toWrite: { readonly at: number; readonly node: WriteValueOptions }[] = []
    for (const [at, write] of writes.entries()) {
      const node = nodes[at] ?? leftOut()
      const value =
        node instanceof MapperError ? node : await valueOf(write, node, facts.get(node), signal)
      if (value instanceof MapperError) outcomes[at] = refusal(value)
      else toWrite.push({ at, node: value })
    }
    for (const part of chunk(toWrite, mostPerCall)) {
      const statuses = await link.ask(
        'write',
        (session) => session.write(part.map(({ node }) => node)),
        signal,
      )
      part.forEach(({ at }, index) => {
        const status = statuses[index]
        outcomes[at] =
          status !== undefined && severityOf(status.value) === 'good'
            ? { ok: true, value: undefined }
            : refusal(status && statusError(status))
      })
    }
    return outcomes
  }

  return {
    async write(writes, signal) {
      const outcomes: Written[] = []
      let variables: Write<OpcuaVisitor>[] = []
      const flush = async () => {
        if (variables.length > 0) outcomes.push(...(await writeVariables(variables, signal)))
        variables = []
      }
      for (const write of writes) {
        if (write.visitor.methodID === undefined) variables.push(write)
        else {
          await flush()
          outcomes.push(await caller.call(write, signal))
        }
      }
      await flush()
      return outcomes
    },
  }
}

/** One element of an array is written as an array of one; a part of it as an array. */
function shapeFor({ indexRange }: OpcuaVisitor, { shape }: NodeFacts) {
  if (indexRange === undefined || shape === 'scalar') return shape
  return /^\d+$/.test(indexRange) ? 'element' : shape
}

const refusal = (error: MapperError | undefined): Written => ({
  ok: false,
  error: error ?? leftOut(),
})

const leftOut = () => new MapperError('bad_data', 'the server left out an answer')
