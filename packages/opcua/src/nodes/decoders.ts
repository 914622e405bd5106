import { MapperError, type Outcome, type Value } from '@mapper-sdk/core'
import type { DataValue, NodeId } from 'node-opcua-client'
import type { OpcuaProtocol } from '../config/protocol.ts'
import type { OpcuaVisitor } from '../config/visitor.ts'
import { parseMemberPath } from '../config/member-path.ts'
import { outcomeOf, type Reading } from '../data/value.ts'
import type { AskNodeFacts } from './node-facts.ts'

/** How the values of visitors become ours. */
export interface Decoders {
  /** Asks what has to be known of the nodes first. */
  prepare(
    items: readonly { readonly visitor: OpcuaVisitor; readonly nodeId: NodeId }[],
    signal: AbortSignal,
  ): Promise<void>
  /** Once it is prepared. */
  of(visitor: OpcuaVisitor): Decode
}

/** `now`: ms since 1970. */
export type Decode = (dataValue: DataValue, now: number) => Outcome<Value>

export function createDecoders(
  timestamps: OpcuaProtocol['timestamps'],
  askFacts: AskNodeFacts,
): Decoders {
  const named = new WeakMap<OpcuaVisitor, ReadonlyMap<number, string>>()
  const known = new WeakMap<OpcuaVisitor, Decode>()

  const create = (visitor: OpcuaVisitor): Decode => {
    const { member, timeAs, enumAs } = visitor
    const enumNames = named.get(visitor)
    const reading: Reading = {
      timestamps,
      ...(member !== undefined && { member: parseMemberPath(member) }),
      ...(timeAs !== 'auto' && { timeAs }),
      ...(enumAs === 'name' && { isEnumNamed: true }),
      ...(enumNames?.size && { enumNames }),
    }
    return (dataValue, now) => outcomeOf(dataValue, reading, now)
  }

  return {
    async prepare(items, signal) {
      const unknown = items.filter(
        ({ visitor: { enumAs, attribute }, visitor }) =>
          enumAs === 'name' && attribute === 'Value' && !named.has(visitor),
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
        known.delete(visitor)
      }
    },
    of(visitor) {
      const decode = known.get(visitor) ?? create(visitor)
      known.set(visitor, decode)
      return decode
    },
  }
}
