import { MapperError, shortestFloat32, type Value } from '@mapper-sdk/core'
import { nodeIdText, type NodeIdLike } from '../config/node-id.ts'
import { builtIn, builtInName } from './built-in.ts'
import { integerOfHalves, type Halves } from './int64.ts'
import { statusName, type StatusLike } from './status.ts'

/** How values are shown, by the configuration of a property and by what is known of its node. */
export interface Showing {
  /** `ms`: a DateTime is a number of ms since 1970; else a text, ISO 8601 in UTC. */
  readonly timeAs?: 'text' | 'ms'
  /** The names of the node's enumeration, if its values are to be shown by name. */
  readonly enumNames?: ReadonlyMap<number, string>
  /** Enumerations within structures, whose names node-opcua knows, are shown by name. */
  readonly isEnumNamed?: boolean
}

/**
 * One value of a built-in type, as a driver hands it over; undefined for types that have no such form
 * (structures and the like), which only JSON shows.
 */
export function scalarOf(type: number, value: unknown, showing: Showing): Value | undefined {
  switch (type) {
    case builtIn.Int32:
      return showing.enumNames?.get(value as number) ?? (value as number)
    case builtIn.Boolean:
      return value as boolean
    case builtIn.SByte:
    case builtIn.Byte:
    case builtIn.Int16:
    case builtIn.UInt16:
    case builtIn.UInt32:
    case builtIn.Double:
      return value as number
    case builtIn.Float:
      return shortestFloat32(value as number)
    case builtIn.Int64:
    case builtIn.UInt64:
      return integerOfHalves(value as Halves, type === builtIn.Int64)
    case builtIn.String:
    case builtIn.XmlElement:
    case builtIn.Guid:
      return (value as string | null) ?? ''
    case builtIn.DateTime:
      return timeValue(value as Date | null, showing)
    case builtIn.ByteString:
      // A copy: what the library decoded is a part of a whole message, which it would keep in memory.
      if (value === null || value instanceof Uint8Array) return new Uint8Array(value ?? [])
      throw noForm(type)
    case builtIn.NodeId:
    case builtIn.ExpandedNodeId:
      return nodeIdText(value as NodeIdLike)
    case builtIn.StatusCode:
      return statusName(value as StatusLike)
    case builtIn.QualifiedName:
      return nameText(value as QualifiedNameLike)
    case builtIn.LocalizedText:
      return (value as { text?: string | null } | null)?.text ?? ''
    default:
      return undefined
  }
}

const ends = { first: Date.UTC(1601, 0, 1), last: Date.UTC(9999, 11, 31, 23, 59, 59, 999) }

/**
 * The standard stands for all times up to 1601 and from 9999 on by its two ends (Part 6, 5.2.2.5);
 * node-opcua decodes the later end as a year with five digits.
 */
function timeValue(date: Date | null, { timeAs }: Showing): string | number {
  const ms = date?.getTime() ?? ends.first
  if (Number.isNaN(ms)) throw new MapperError('bad_data', 'the server sent a DateTime that is none')
  const at = Math.min(Math.max(ms, ends.first), ends.last)
  return timeAs === 'ms' ? at : new Date(at).toISOString()
}

export interface QualifiedNameLike {
  readonly namespaceIndex: number
  readonly name?: string | null
}

/** `2:Name`, or only the name in namespace 0, unless that would be taken for one with a namespace. */
export function nameText(given: QualifiedNameLike | null): string {
  const name = given?.name ?? ''
  const index = given?.namespaceIndex ?? 0
  return index === 0 && !/^\d+:/.test(name) ? name : `${index}:${name}`
}

export const noForm = (type: number): MapperError =>
  new MapperError('bad_data', `the server sent ${builtInName(type)}, which cannot be shown`)
