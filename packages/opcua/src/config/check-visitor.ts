import { MapperError, type Conflict, type ModelProperty } from '@mapper-sdk/core'
import { parseBrowsePath } from './browse-path.ts'
import { parseEventFields } from './event-fields.ts'
import { parseMemberPath } from './member-path.ts'
import { parseNodeId } from './node-id.ts'
import type { OpcuaProtocol } from './protocol.ts'
import type { OpcuaVisitor } from './visitor.ts'

type Field = keyof OpcuaVisitor

const parsers: readonly (readonly [Field, (text: string) => unknown])[] = [
  ['nodeID', parseNodeId],
  ['browsePath', parseBrowsePath],
  ['member', parseMemberPath],
  ['indexRange', checkIndexRange],
  ['methodID', parseNodeId],
  ['eventFields', parseEventFields],
  ['eventType', parseNodeId],
]

/** Two fields that say two things about the same, and why that cannot be. */
const rivals: readonly (readonly [Field, Field, string])[] = [
  ['methodID', 'browsePath', 'the object of a method is nodeID'],
  ['methodID', 'eventFields', 'a property is a method or shows events'],
  ['methodID', 'indexRange', 'a method takes whole arguments'],
  ['methodID', 'dataType', 'the server says what a method takes'],
  ['methodID', 'serverDeadband', 'a method has no value that changes'],
  ['methodID', 'serverDeadbandPercent', 'a method has no value that changes'],
  ['eventFields', 'indexRange', 'events are no array'],
  ['eventFields', 'member', 'the fields of events are named in eventFields'],
  ['eventFields', 'dataType', 'events cannot be written'],
  ['eventFields', 'serverDeadband', 'events are no numbers'],
  ['eventFields', 'serverDeadbandPercent', 'events are no numbers'],
  ['serverDeadband', 'serverDeadbandPercent', 'a server knows one deadband'],
  ['serverDeadband', 'member', 'the server compares whole values'],
  ['serverDeadbandPercent', 'member', 'the server compares whole values'],
]

/** Fields that are about the attribute Value alone. */
const ofValue: readonly Field[] = [
  'indexRange',
  'member',
  'dataType',
  'methodID',
  'eventFields',
  'serverDeadband',
  'serverDeadbandPercent',
]

/** What the schema cannot say about a visitor: texts that cannot be read, fields that do not fit together. */
export function checkVisitor(
  _protocol: OpcuaProtocol,
  visitor: OpcuaVisitor,
  property?: ModelProperty,
): Conflict | undefined {
  for (const [field, parse] of parsers) {
    const text = visitor[field]
    const problem = typeof text === 'string' ? problemOf(text, parse) : undefined
    if (problem !== undefined) return { field, message: problem }
  }
  for (const [field, other, why] of rivals) {
    if (visitor[field] === undefined || visitor[other] === undefined) continue
    return { field, message: `cannot stand beside ${other}: ${why}; leave out one of them` }
  }
  const { attribute, eventFields } = visitor
  if (attribute !== 'Value') {
    const field = ofValue.find((one) => visitor[one] !== undefined)
    if (field !== undefined) {
      return { field, message: `is for the attribute Value, and attribute is ${attribute}` }
    }
  }
  if (eventFields === undefined) {
    const field = (['eventType', 'eventSeverity'] as const).find(
      (one) => visitor[one] !== undefined,
    )
    if (field !== undefined) return { field, message: 'is for events: eventFields is missing' }
  } else if (property !== undefined && property.type !== 'STRING') {
    const message = `makes a JSON text of events, but the property is ${property.type}; make it STRING`
    return { field: 'eventFields', message }
  }
  return undefined
}

function problemOf(text: string, parse: (text: string) => unknown): string | undefined {
  try {
    parse(text)
    return undefined
  } catch (thrown) {
    return MapperError.from(thrown).detail
  }
}

/** Part 4, 7.27: the first of two numbers is the lower one. */
function checkIndexRange(text: string): void {
  for (const part of text.split(',')) {
    const [first = NaN, last] = part.split(':').map(Number)
    const isRange = last === undefined || first < last
    if (isRange && (last ?? first) <= 0xffff_ffff) continue
    const why = `has ${part}; write the lower number first, as in 0:9, or one number alone`
    throw new MapperError('invalid_config', why)
  }
}
