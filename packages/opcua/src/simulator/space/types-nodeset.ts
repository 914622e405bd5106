import { simulatorNamespace } from '../options.ts'

/** Identifiers of the simulator's own types. */
export const typeIds = {
  Color: 3001,
  Place: 3010,
  Recipe: 3020,
  Settings: 3030,
  Choice: 3040,
} as const

interface Field {
  readonly name: string
  /** A built-in type or one of ours. */
  readonly type: string
  readonly isArray?: boolean
  readonly isOptional?: boolean
}

const structures: Readonly<
  Record<string, { readonly base: 'Structure' | 'Union'; readonly fields: readonly Field[] }>
> = {
  Place: {
    base: 'Structure',
    fields: ['X', 'Y', 'Z'].map((name) => ({ name, type: 'Double' })),
  },
  Recipe: {
    base: 'Structure',
    fields: [
      { name: 'Name', type: 'String' },
      { name: 'Number', type: 'Int64' },
      { name: 'Color', type: 'Color' },
      { name: 'Origin', type: 'Place' },
      { name: 'Path', type: 'Place', isArray: true },
      { name: 'Steps', type: 'Int32', isArray: true },
      { name: 'Made', type: 'DateTime' },
      { name: 'Raw', type: 'ByteString' },
    ],
  },
  Settings: {
    base: 'Structure',
    fields: [
      { name: 'Speed', type: 'Double' },
      { name: 'Comment', type: 'String', isOptional: true },
      { name: 'Limits', type: 'Double', isArray: true, isOptional: true },
    ],
  },
  Choice: {
    base: 'Union',
    fields: [
      { name: 'Number', type: 'Int32' },
      { name: 'Text', type: 'String' },
      { name: 'Place', type: 'Place' },
    ],
  },
}

const standardIds: Readonly<Record<string, number>> = {
  ...{ Int32: 6, Int64: 8, Double: 11, String: 12, DateTime: 13, ByteString: 15 },
  ...{ Structure: 22, Enumeration: 29, Union: 12756 },
}

const idOf = (type: string) =>
  type in standardIds
    ? `i=${standardIds[type]}`
    : `ns=1;i=${(typeIds as Readonly<Record<string, number>>)[type]}`

function structure(name: string): string {
  const { base, fields } = structures[name] ?? { base: 'Structure', fields: [] }
  const id = idOf(name)
  const encoding = `${id}1`
  const lines = fields.map(
    (field) =>
      `<Field Name="${field.name}" DataType="${idOf(field.type)}"` +
      `${field.isArray === true ? ' ValueRank="1" ArrayDimensions="0"' : ''}` +
      `${field.isOptional === true ? ' IsOptional="true"' : ''}/>`,
  )
  return `
<UADataType NodeId="${id}" BrowseName="1:${name}">
  <DisplayName>${name}</DisplayName>
  <References>
    <Reference ReferenceType="i=45" IsForward="false">${idOf(base)}</Reference>
    <Reference ReferenceType="i=38">${encoding}</Reference>
  </References>
  <Definition Name="1:${name}"${base === 'Union' ? ' IsUnion="true"' : ''}>${lines.join('')}</Definition>
</UADataType>
<UAObject NodeId="${encoding}" BrowseName="Default Binary" SymbolicName="DefaultBinary">
  <DisplayName>Default Binary</DisplayName>
  <References>
    <Reference ReferenceType="i=38" IsForward="false">${id}</Reference>
    <Reference ReferenceType="i=40">i=76</Reference>
  </References>
</UAObject>`
}

/** The data types of the simulator: structures with members, optional fields, a union; an enumeration. */
const types = `<UADataType NodeId="${idOf('Color')}" BrowseName="1:Color">
  <DisplayName>Color</DisplayName>
  <References>
    <Reference ReferenceType="i=45" IsForward="false">i=29</Reference>
    <Reference ReferenceType="i=46">ns=1;i=30011</Reference>
  </References>
  <Definition Name="1:Color">
    <Field Name="Red" Value="0"/><Field Name="Green" Value="1"/><Field Name="Blue" Value="2"/>
  </Definition>
</UADataType>
<UAVariable NodeId="ns=1;i=30011" BrowseName="EnumStrings" ParentNodeId="${idOf('Color')}" DataType="i=21" ValueRank="1" ArrayDimensions="3">
  <DisplayName>EnumStrings</DisplayName>
  <References>
    <Reference ReferenceType="i=40">i=68</Reference>
    <Reference ReferenceType="i=46" IsForward="false">${idOf('Color')}</Reference>
  </References>
  <Value><ListOfLocalizedText xmlns="http://opcfoundation.org/UA/2008/02/Types.xsd">
    ${['Red', 'Green', 'Blue'].map((text) => `<LocalizedText><Locale></Locale><Text>${text}</Text></LocalizedText>`).join('')}
  </ListOfLocalizedText></Value>
</UAVariable>
${Object.keys(structures).map(structure).join('')}`

/**
 * The namespaces as NodeSet2 documents, so that the server gets them in this order when it starts.
 * Each requires the one before it, because documents are loaded in the order of what they require.
 */
export function nodesetsOf(namespaces: readonly string[]): { name: string; source: string }[] {
  return namespaces.map((uri, index) => {
    const required = ['http://opcfoundation.org/UA/', ...namespaces.slice(0, index).slice(-1)]
    const source = `<?xml version="1.0" encoding="utf-8"?>
<UANodeSet xmlns="http://opcfoundation.org/UA/2011/03/UANodeSet.xsd">
<NamespaceUris><Uri>${uri}</Uri></NamespaceUris>
<Models><Model ModelUri="${uri}" Version="1.0.0" PublicationDate="2024-01-01T00:00:00Z">
${required.map((model) => `<RequiredModel ModelUri="${model}"/>`).join('')}
</Model></Models>
${uri === simulatorNamespace ? types : ''}
</UANodeSet>`
    return { name: uri, source }
  })
}
