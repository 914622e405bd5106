/** The built-in types by the numbers that the standard gives them (Part 6, 5.1.2). */
export const builtIn = {
  Null: 0,
  Boolean: 1,
  SByte: 2,
  Byte: 3,
  Int16: 4,
  UInt16: 5,
  Int32: 6,
  UInt32: 7,
  Int64: 8,
  UInt64: 9,
  Float: 10,
  Double: 11,
  String: 12,
  DateTime: 13,
  Guid: 14,
  ByteString: 15,
  XmlElement: 16,
  NodeId: 17,
  ExpandedNodeId: 18,
  StatusCode: 19,
  QualifiedName: 20,
  LocalizedText: 21,
  ExtensionObject: 22,
  DataValue: 23,
  Variant: 24,
  DiagnosticInfo: 25,
} as const
export type BuiltInName = keyof typeof builtIn

const names = new Map(Object.entries(builtIn).map(([name, type]) => [type as number, name]))

export const builtInName = (type: number): string => names.get(type) ?? `type ${type}`

export const isBuiltInName = (name: string): name is BuiltInName => Object.hasOwn(builtIn, name)
