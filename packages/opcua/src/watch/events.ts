import { MapperError, type Outcome, type Value } from '@mapper-sdk/core'
import type { EventFilter, Variant } from 'node-opcua-client'
import { parseEventFields } from '../config/event-fields.ts'
import { parseNodeId, placeNamespace, placeNodeId } from '../config/node-id.ts'
import type { OpcuaVisitor } from '../config/visitor.ts'
import { jsonOf } from '../data/json.ts'
import { typedOf } from '../data/typed.ts'
import type { Library } from '../library.ts'
import type { ServerFacts } from '../link/server-facts.ts'

/** Which events the server is to send, and what of them; undefined if the visitor shows none. */
export function eventFilterOf(
  visitor: OpcuaVisitor,
  { namespaces }: ServerFacts,
  library: Library,
): EventFilter | undefined {
  const { eventFields, eventType, eventSeverity } = visitor
  if (eventFields === undefined) return undefined
  const type =
    eventType === undefined
      ? library.resolveNodeId('BaseEventType')
      : library.coerceNodeId(placeNodeId(parseNodeId(eventType), namespaces))
  const filter = new library.EventFilter({
    selectClauses: parseEventFields(eventFields).map(({ path }) => ({
      typeDefinitionId: type,
      browsePath: path.map(({ namespace, name }) => ({
        namespaceIndex: placeNamespace(namespace, namespaces),
        name,
      })),
      attributeId: library.AttributeIds.Value,
    })),
  })
  const { FilterOperator } = library
  const conditions: object[] = []
  if (eventType !== undefined) {
    conditions.push({
      filterOperator: FilterOperator.OfType,
      filterOperands: [literal(library, library.DataType.NodeId, type)],
    })
  }
  if (eventSeverity !== undefined) {
    conditions.push({
      filterOperator: FilterOperator.GreaterThanOrEqual,
      filterOperands: [
        new library.SimpleAttributeOperand({
          typeDefinitionId: library.resolveNodeId('BaseEventType'),
          browsePath: [{ namespaceIndex: 0, name: 'Severity' }],
          attributeId: library.AttributeIds.Value,
        }),
        literal(library, library.DataType.UInt16, eventSeverity),
      ],
    })
  }
  if (conditions.length === 2) {
    // The first element is the whole: both of the others must hold.
    const element = (index: number) => new library.ElementOperand({ index })
    conditions.unshift({
      filterOperator: FilterOperator.And,
      filterOperands: [element(1), element(2)],
    })
  }
  if (conditions.length > 0)
    filter.whereClause = new library.ContentFilter({ elements: conditions })
  return filter
}

const literal = (library: Library, dataType: number, value: unknown) =>
  new library.LiteralOperand({ value: { dataType, value } })

/** An event as the JSON text of its fields, in the order in which they are asked for. */
export function createEventDecoder(
  visitor: OpcuaVisitor,
): (fields: readonly Variant[]) => Outcome<Value> {
  const labels = parseEventFields(visitor.eventFields ?? '').map(({ label }) => label)
  return (fields) => {
    try {
      const members = labels.map((label, index) => {
        const field = fields[index]
        return `${JSON.stringify(label)}:${field ? jsonOf(typedOf(field), {}) : 'null'}`
      })
      return { ok: true, value: `{${members.join(',')}}` }
    } catch (thrown) {
      return { ok: false, error: MapperError.from(thrown, 'bad_data') }
    }
  }
}
