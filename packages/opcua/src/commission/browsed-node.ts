import type { MapperError, Outcome, Value } from '@mapper-sdk/core'
import type { DataTypeName } from '../config/visitor.ts'

/** Node classes by the numbers of the standard (Part 3, 8.29). */
export const nodeClasses = {
  1: 'Object',
  2: 'Variable',
  4: 'Method',
  8: 'ObjectType',
  16: 'VariableType',
  32: 'ReferenceType',
  64: 'DataType',
  128: 'View',
} as const
export type NodeClassName = (typeof nodeClasses)[keyof typeof nodeClasses] | 'unknown'

/** A name on the way to a node, qualified by the index of its namespace. */
export interface Step {
  readonly namespace: number
  readonly name: string
}

/** A node as browsing finds it. Names and values are as the server gave them, whatever characters they have. */
export interface BrowsedNode {
  /** With the URI of its namespace, so that it stays the same whatever order the server gives them. */
  readonly nodeId: string
  /** With the index of its namespace, as of now. */
  readonly indexedId: string
  /** Levels below the start. */
  readonly depth: number
  /**
   * The names on the way to it, its own last: from the start, or from the Objects folder if the start was
   * named by a browse path from there.
   */
  readonly path: readonly Step[]
  /** The node that it was found below; its own id for the start. */
  readonly parentId: string
  readonly name: Step
  readonly displayName: string
  readonly nodeClass: NodeClassName
  readonly variable?: BrowsedVariable
  /** Why what is below it, or of it, is not known. */
  readonly problem?: MapperError
  /** repeated: it was found before, and is followed there. closed: what is below it is left out. */
  readonly note?: 'repeated' | 'closed'
}

/** What is known of a variable. */
export interface BrowsedVariable {
  /** The built-in type of its values; undefined for structures. */
  readonly dataType: DataTypeName | undefined
  /** The name of its data type, which may be one of the server's own. */
  readonly typeName: string
  readonly shape: 'scalar' | 'array' | 'matrix' | 'any'
  readonly isReadable: boolean
  readonly isWritable: boolean
  /** Whether its numbers have names. */
  readonly isEnumeration: boolean
  /** Left out if it was not asked for or cannot be read. Long ones are cut. */
  readonly value?: Outcome<Value>
  /** The server does not answer a request for it at all; it may be too large. */
  readonly isRefused?: true
  /** How many characters or bytes a value has that was cut. */
  readonly wholeLength?: number
  /** The unit that the server shows, as in °C. */
  readonly unit?: string
  /** EURange: where the value usually is. */
  readonly range?: { readonly low: number; readonly high: number }
}
