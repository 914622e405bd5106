import { BinaryStream } from 'node-opcua-binary-stream'
import { coerceNodeId } from 'node-opcua-client'
import {
  DataTypeFactory,
  EnumerationDefinitionSchema,
  getStandardDataTypeFactory,
  StructuredTypeSchema,
  type ConstructorFuncWithSchema,
  type FieldInterfaceOptions,
} from 'node-opcua-factory'
import { createDynamicObjectConstructor } from 'node-opcua-schemas'

const factory = new DataTypeFactory([getStandardDataTypeFactory()])

factory.registerEnumeration(
  new EnumerationDefinitionSchema(coerceNodeId('ns=2;i=100'), {
    name: 'Mode',
    enumValues: { Off: 0, Auto: 1, Manual: 7 },
  }),
)

/** A structure type as node-opcua builds it of what a server says of its types. */
function define(id: number, name: string, fields: FieldInterfaceOptions[], baseType: string) {
  const isOptional = fields.some(({ switchBit }) => switchBit !== undefined)
  const bitFields = isOptional ? [{ name: 'Specified', length: 32 }] : []
  const options = { name, baseType, fields, bitFields, dataTypeFactory: factory }
  const schema = new StructuredTypeSchema(options)
  schema.dataTypeNodeId = coerceNodeId(`ns=2;i=${id}`)
  const made = createDynamicObjectConstructor(schema, factory)
  if (!factory.hasStructureByTypeName(name)) {
    factory.registerClassDefinition(schema.dataTypeNodeId, name, made)
  }
  return made
}

const structure = (id: number, name: string, fields: FieldInterfaceOptions[]) =>
  define(id, name, fields, 'ExtensionObject')

export const Limits = structure(101, 'Limits', [
  { name: 'Low', fieldType: 'Double' },
  { name: 'High', fieldType: 'Float' },
])

export const Sample = structure(102, 'Sample', [
  { name: 'Count', fieldType: 'Int64' },
  { name: 'At', fieldType: 'UtcTime' },
  { name: 'Raw', fieldType: 'ByteString' },
])

export const Choice = define(
  103,
  'Choice',
  [
    { name: 'SwitchField', fieldType: 'UInt32' },
    { name: 'Number', fieldType: 'UInt64', switchValue: 1 },
    { name: 'Text', fieldType: 'String', switchValue: 2 },
  ],
  'Union',
)

export const Report = structure(104, 'Report', [
  { name: 'Name', fieldType: 'String' },
  { name: 'Mode', fieldType: 'Mode' },
  { name: 'Limits', fieldType: 'Limits' },
  { name: 'Samples', fieldType: 'Sample', isArray: true },
  { name: 'Counts', fieldType: 'UInt64', isArray: true },
  { name: 'Node', fieldType: 'NodeId' },
  { name: 'Title', fieldType: 'LocalizedText' },
  { name: 'Choice', fieldType: 'Choice' },
])

export const Noted = structure(105, 'Noted', [
  { name: 'Value', fieldType: 'Int32' },
  { name: 'Note', fieldType: 'String', switchBit: 0 },
])

/** What the server would send of it, as node-opcua reads that. */
export function received(type: ConstructorFuncWithSchema, fields: Record<string, unknown>) {
  const sent = new type(fields)
  const stream = new BinaryStream(sent.binaryStoreSize())
  sent.encode(stream)
  const read = new type()
  read.decode(new BinaryStream(stream.buffer))
  return read
}
