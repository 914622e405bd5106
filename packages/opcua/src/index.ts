export { opcuaDriver } from './driver.ts'
export { protocolSchema, type OpcuaProtocol } from './config/protocol.ts'
export { visitorSchema, type OpcuaVisitor } from './config/visitor.ts'
export { normalize } from './config/dialects.ts'
export { checkVisitor } from './config/check-visitor.ts'
export {
  formatNodeId,
  parseExpandedNodeId,
  parseNodeId,
  placeNodeId,
  type Identifier,
  type ParsedExpandedNodeId,
  type ParsedNodeId,
  type PlacedNodeId,
} from './config/node-id.ts'
export {
  formatBrowsePath,
  parseBrowsePath,
  placeBrowsePath,
  type BrowseStep,
  type ParsedName,
  type PlacedStep,
} from './config/browse-path.ts'
export { formatMemberPath, parseMemberPath, type MemberPath } from './config/member-path.ts'
export { parseEventFields, type EventField } from './config/event-fields.ts'
export { outcomeOf, valueOf, type DataValueLike, type Reading } from './data/value.ts'
export type { Showing } from './data/show.ts'
export type { VariantLike } from './data/typed.ts'
export { variantOf, type WriteTarget, type WrittenVariant } from './data/variant.ts'
export { writeContextOf, type WriteContext } from './data/write-context.ts'
export { isLinkLoss, severityOf, statusError, statusName, type StatusLike } from './data/status.ts'
export { commandLine } from './commission/command-line.ts'
