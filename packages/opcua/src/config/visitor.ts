import { filled, oneOf, Type, type Static } from '@mapper-sdk/core/schema'

/** Attributes of a node that a property can be, by the names of the standard. */
export const attributes = [
  'NodeId',
  'NodeClass',
  'BrowseName',
  'DisplayName',
  'Description',
  'WriteMask',
  'UserWriteMask',
  'EventNotifier',
  'Value',
  'DataType',
  'ValueRank',
  'ArrayDimensions',
  'AccessLevel',
  'UserAccessLevel',
  'MinimumSamplingInterval',
  'Historizing',
  'Executable',
  'UserExecutable',
] as const
export type AttributeName = (typeof attributes)[number]

/** Data types that can be written; the names are those of the standard. */
export const dataTypes = [
  'Boolean',
  'SByte',
  'Byte',
  'Int16',
  'UInt16',
  'Int32',
  'UInt32',
  'Int64',
  'UInt64',
  'Float',
  'Double',
  'String',
  'DateTime',
  'Guid',
  'ByteString',
  'XmlElement',
  'NodeId',
  'ExpandedNodeId',
  'StatusCode',
  'QualifiedName',
  'LocalizedText',
] as const
export type DataTypeName = (typeof dataTypes)[number]

/** `visitors.configData` of a property, without core's value options. */
export const visitorSchema = Type.Object(
  {
    nodeID: filled(
      Type.String({
        minLength: 1,
        maxLength: 4096,
        default: 'i=85',
        description:
          'The node: `ns=` or `nsu=` and `i=`, `s=`, `g=` or `b=`. Where a browsePath begins; the Objects folder if left out.',
        examples: ['nsu=urn:plant:line1;s=Boiler.Temperature'],
      }),
    ),
    browsePath: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 4096,
        description:
          'Names on the way from nodeID to the node, each after `/`, with the namespace before `:`.',
        examples: ['/2:Line1/2:Boiler/2:Temperature'],
      }),
    ),
    attribute: filled(
      oneOf(attributes, {
        default: 'Value',
        description: 'The attribute that is read or written.',
      }),
    ),
    indexRange: Type.Optional(
      Type.String({
        pattern: '^\\d+(:\\d+)?(,\\d+(:\\d+)?)*$',
        maxLength: 256,
        description:
          'Part of an array, counted from 0: `3`, `0:9`; dimensions with commas between.',
        examples: ['0:9'],
      }),
    ),
    member: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 1024,
        description: 'One member of a structure or array, by its path.',
        examples: ['limits.high', 'samples[3].value'],
      }),
    ),
    dataType: Type.Optional(
      oneOf(dataTypes, {
        description: 'Data type to write. Left out, the server is asked for it.',
      }),
    ),
    enumAs: filled(
      oneOf(['auto', 'name', 'number'], {
        default: 'auto',
        description:
          'How values of an enumeration are shown. auto: by name if the property is a STRING in the model, else as a number.',
      }),
    ),
    timeAs: filled(
      oneOf(['auto', 'text', 'ms'], {
        default: 'auto',
        description:
          'How a DateTime is shown. text: ISO 8601. ms: milliseconds since 1970. auto: ms if the property is a number in the model, else text.',
      }),
    ),
    subscribe: filled(
      Type.Boolean({
        default: true,
        description: 'Let the server tell changes of this property. false: read it.',
      }),
    ),
    samplingIntervalMs: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 86_400_000,
        description:
          'How often the server looks at the node, in ms. Left out: the collectCycle. 0: as fast as the server can.',
      }),
    ),
    queueSize: filled(
      Type.Integer({
        minimum: 1,
        maximum: 10_000,
        default: 1,
        description: 'The most changes that the server keeps between two publishes.',
      }),
    ),
    discard: filled(
      oneOf(['oldest', 'newest'], {
        default: 'oldest',
        description: 'Which changes the server drops when the queue is full.',
      }),
    ),
    trigger: filled(
      oneOf(['status', 'status-value', 'status-value-timestamp'], {
        default: 'status-value',
        description: 'What counts as a change at the server.',
      }),
    ),
    serverDeadband: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        description:
          'The server tells changes of a number only from this size on. If it cannot, it tells all.',
      }),
    ),
    serverDeadbandPercent: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: 100,
        description: 'As serverDeadband, in percent of the range that the node names (EURange).',
      }),
    ),
    methodID: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 4096,
        description:
          'A method of the object nodeID. Writing calls it: the value is its argument, or a JSON array of its arguments.',
        examples: ['ns=2;s=Boiler.Start'],
      }),
    ),
    eventFields: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 4096,
        description:
          'The property shows events of nodeID: the fields, with commas between, become the members of a JSON text.',
        examples: ['Time,SourceName,Severity,Message'],
      }),
    ),
    eventType: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 4096,
        description: 'Only events of this type, by its node. Left out: all (BaseEventType).',
      }),
    ),
    eventSeverity: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1000,
        description: 'Only events that are at least as severe.',
      }),
    ),
  },
  { description: 'A node of an OPC UA server.' },
)
export type OpcuaVisitor = Static<typeof visitorSchema>
