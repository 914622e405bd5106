import type { AttributeName, DataTypeName } from '../config/visitor.ts'

/** The attributes by the numbers that the standard gives them (Part 6, A.1). */
export const attributeIds: Readonly<Record<AttributeName, number>> = {
  NodeId: 1,
  NodeClass: 2,
  BrowseName: 3,
  DisplayName: 4,
  Description: 5,
  WriteMask: 6,
  UserWriteMask: 7,
  EventNotifier: 12,
  Value: 13,
  DataType: 14,
  ValueRank: 15,
  ArrayDimensions: 16,
  AccessLevel: 17,
  UserAccessLevel: 18,
  MinimumSamplingInterval: 19,
  Historizing: 20,
  Executable: 21,
  UserExecutable: 22,
}

/** What the attributes hold (Part 3, 5), apart from Value, which may be anything. */
export const attributeTypes: Readonly<Record<Exclude<AttributeName, 'Value'>, DataTypeName>> = {
  NodeId: 'NodeId',
  NodeClass: 'Int32',
  BrowseName: 'QualifiedName',
  DisplayName: 'LocalizedText',
  Description: 'LocalizedText',
  WriteMask: 'UInt32',
  UserWriteMask: 'UInt32',
  EventNotifier: 'Byte',
  DataType: 'NodeId',
  ValueRank: 'Int32',
  ArrayDimensions: 'UInt32',
  AccessLevel: 'Byte',
  UserAccessLevel: 'Byte',
  MinimumSamplingInterval: 'Double',
  Historizing: 'Boolean',
  Executable: 'Boolean',
  UserExecutable: 'Boolean',
}
