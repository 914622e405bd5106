import type { BuiltInType } from './space/variant-values.ts'

/** A variable of a user's own: in the folder of its name before the first dot, else in `Nodes`. */
export interface DeclaredNode {
  readonly name: string
  readonly type: BuiltInType
  /** A list is an array. */
  readonly value: unknown
  readonly writable?: boolean
}
