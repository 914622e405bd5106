import { MapperError, type Outcome, type Value } from '@mapper-sdk/core'
import type { DataValue, NodeId } from 'node-opcua-client'
import type { OpcuaVisitor } from '../config/visitor.ts'
import { attributeIds } from '../data/attribute-ids.ts'
import { rangeOf } from '../data/index-range.ts'
import { isLasting } from '../data/lasting.ts'
import { askInHalves } from '../link/ask-in-halves.ts'
import { chunk } from '../link/chunk.ts'
import type { OpcuaLink } from '../link/link.ts'
import type { Decoders } from '../nodes/decoders.ts'
import type { NodeResolver } from '../nodes/resolve-nodes.ts'
import type { Quarantine } from '../nodes/quarantine.ts'

/** Requests that are under way at once; more of them gain nothing. */
const mostAtOnce = 4

/** Reads visitors in as few requests as the server allows; each has its own outcome. */
export interface Reader {
  read(visitors: readonly OpcuaVisitor[], signal: AbortSignal): Promise<readonly Outcome<Value>[]>
}

interface Item {
  readonly at: number
  readonly visitor: OpcuaVisitor
  readonly nodeId: NodeId
}

export function createReader(
  link: OpcuaLink,
  options: {
    readonly resolver: NodeResolver
    readonly quarantine: Quarantine
    readonly decoders: Decoders
    readonly mostPerCall: number
    /** What a visitor that is no variable shows: the last result of a method. */
    readonly unread: (visitor: OpcuaVisitor) => Outcome<Value> | undefined
  },
): Reader {
  const { resolver, quarantine, decoders, mostPerCall, unread } = options

  const ask = (items: readonly Item[], signal: AbortSignal) => {
    const nodesOf = (some: readonly Item[]) =>
      some.map(({ nodeId, visitor }) => ({
        nodeId,
        attributeId: attributeIds[visitor.attribute],
        ...rangeOf(visitor),
      }))
    return askInHalves(link, items, (some) =>
      link.ask('read', (session) => session.read(nodesOf(some)), signal),
    )
  }

  const settle = (
    visitor: OpcuaVisitor,
    answer: DataValue | MapperError,
    now: number,
  ): Outcome<Value> => {
    if (answer instanceof MapperError) return { ok: false, error: answer }
    const outcome = decoders.of(visitor)(answer, Date.now())
    if (outcome.ok) quarantine.release(visitor)
    else if (isLasting(answer.statusCode.value)) quarantine.rest(visitor, outcome.error, now)
    return outcome
  }

  return {
    async read(visitors, signal) {
      const now = performance.now()
      const outcomes: (Outcome<Value> | undefined)[] = visitors.map((visitor) => {
        const error = quarantine.why(visitor, now)
        return error === undefined ? unread(visitor) : { ok: false, error }
      })
      const wanted = visitors.flatMap((visitor, at) => (outcomes[at] ? [] : [{ at, visitor }]))
      const nodes = await resolver.resolve(
        wanted.map(({ visitor }) => visitor),
        signal,
      )
      const items = wanted.flatMap(({ at, visitor }, index): Item[] => {
        const nodeId = nodes[index]
        if (nodeId === undefined || nodeId instanceof MapperError) {
          outcomes[at] = failed(nodeId)
          if (nodeId !== undefined) quarantine.rest(visitor, nodeId, now)
          return []
        }
        return [{ at, visitor, nodeId }]
      })
      await decoders.prepare(items, signal)
      const parts = chunk(items, mostPerCall)
      const work = async () => {
        for (let part; (part = parts.shift()) !== undefined;) {
          const answers = await ask(part, signal)
          for (const [index, { at, visitor }] of part.entries()) {
            const answer = answers[index]
            if (answer !== undefined) outcomes[at] = settle(visitor, answer, now)
          }
        }
      }
      await Promise.all(Array.from({ length: Math.min(mostAtOnce, parts.length) }, work))
      return outcomes.map((outcome) => outcome ?? failed(undefined))
    },
  }
}

const failed = (error: MapperError | undefined): Outcome<Value> => ({
  ok: false,
  error: error ?? new MapperError('internal', 'a node was not asked for'),
})
