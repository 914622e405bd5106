import { MapperError, type Outcome, type Value } from '@mapper-sdk/core'
import type { DataValue } from 'node-opcua-client'
import type { PlacedNodeId } from '../config/node-id.ts'
import type { OpcuaProtocol } from '../config/protocol.ts'
import type { OpcuaVisitor } from '../config/visitor.ts'
import { outcomeOf } from '../data/value.ts'
import type { AskNodeFacts } from './node-facts.ts'

/** How the values of visitors become ours. */
export interface Decoders {
  /** Asks what has to be known of the nodes first. */
  prepare(
    items: readonly { readonly visitor: OpcuaVisitor; readonly nodeId: PlacedNodeId }[],
    signal: AbortSignal,
  ): Promise<void>
  outcome(visitor: OpcuaVisitor, dataValue: DataValue, wall: number): Outcome<Value>
}

export function createDecoders(
  timestamps: OpcuaProtocol['timestamps'],
  askFacts: AskNodeFacts,
): Decoders {
  const named = new WeakMap<OpcuaVisitor, ReadonlyMap<number, string>>()
  return {
    async prepare(items, signal) {
      const unknown = items.filter(
        ({ visitor }) =>
          visitor.enumAs === 'name' && visitor.attribute === 'Value' && !named.has(visitor),
      )
      if (unknown.length === 0) return
      const facts = await askFacts(
        unknown.map(({ nodeId }) => nodeId),
        signal,
      )
      for (const [index, { visitor }] of unknown.entries()) {
        const fact = facts[index]
        // A node that is missing may come: it is asked again with the next reading.
        if (fact === undefined || fact instanceof MapperError) continue
        named.set(visitor, await fact.enumNames(signal))
      }
    },
    outcome(visitor, dataValue, wall) {
      return outcomeOf(dataValue, { visitor, timestamps, enumNames: named.get(visitor) }, wall)
    },
  }
}
