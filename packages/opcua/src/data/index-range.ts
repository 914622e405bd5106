import type { ReadValueIdOptions } from 'node-opcua-client'
import type { OpcuaVisitor } from '../config/visitor.ts'

type Range = NonNullable<ReadValueIdOptions['indexRange']>

/** The part of an array that a visitor names, as requests have it. The library reads the text itself. */
export const rangeOf = ({ indexRange }: OpcuaVisitor): { indexRange?: Range } =>
  indexRange === undefined ? {} : { indexRange: indexRange as unknown as Range }
