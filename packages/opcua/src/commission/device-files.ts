import type { PropertyType, RawConfig } from '@mapper-sdk/core'
import { Document } from 'yaml'
import type { BrowsedNode, BrowsedVariable, Step } from './browsed-node.ts'
import { typeOfData } from './command-line.ts'
import { propertyNames } from './property-names.ts'

export interface DeviceFilesWish {
  /** Of the DeviceModel and of the Device. */
  readonly name: string
  /** The node of the cluster that runs the mapper. */
  readonly nodeName: string
  /** `spec.protocol.configData`: what leads to the server. */
  readonly protocol: RawConfig
  readonly collectCycleMs: number
}

/** The text of both files, and what was left out of them. */
export interface DeviceFiles {
  readonly model: string
  readonly device: string
  readonly count: number
  readonly left: readonly { readonly node: BrowsedNode; readonly why: string }[]
}

/** The longest value of a twin that EdgeCore takes. */
const longestValue = 512

/**
 * A DeviceModel and a Device with a property for each variable that can be read, and for each method: a
 * property that calls it when it is written, and a device method of that name. Other nodes are left out
 * without a word, variables that no twin can show with the reason. Pure.
 */
export function deviceFiles(
  nodes: readonly BrowsedNode[],
  { name, nodeName, protocol, collectCycleMs }: DeviceFilesWish,
): DeviceFiles {
  const candidates = nodes.filter(
    ({ nodeClass, note }) =>
      note !== 'repeated' && (nodeClass === 'Variable' || nodeClass === 'Method'),
  )
  const left = candidates.flatMap((node) => {
    const why = whyNot(node)
    return why === undefined ? [] : [{ node, why }]
  })
  const without = new Set(left.map(({ node }) => node))
  const taken = candidates.filter((node) => !without.has(node))
  const names = propertyNames(taken.map((node) => wayOf(node).map((step) => step.name)))
  const properties = taken.map((node, index) => ({ node, name: names[index] ?? '' }))
  const methods = properties.filter(({ node }) => node.nodeClass === 'Method')

  const model = {
    apiVersion: 'devices.kubeedge.io/v1beta1',
    kind: 'DeviceModel',
    metadata: { name },
    spec: { protocol: 'opcua', properties: properties.map(modelProperty) },
  }
  const device = {
    apiVersion: 'devices.kubeedge.io/v1beta1',
    kind: 'Device',
    metadata: { name },
    spec: {
      deviceModelRef: { name },
      nodeName,
      protocol: { protocolName: 'opcua', configData: protocol },
      stateReport: { reportToCloud: true },
      properties: properties.map(({ node, name: property }) => ({
        name: property,
        collectCycle: collectCycleMs,
        reportToCloud: true,
        visitors: { protocolName: 'opcua', configData: visitorOf(node) },
      })),
      ...(methods.length > 0 && {
        methods: methods.map(({ node, name: method }) => ({
          name: method,
          description: `calls ${pathText(node.path)}`,
          propertyNames: [method],
        })),
      }),
    },
  }
  return { model: yamlOf(model), device: yamlOf(device), count: properties.length, left }
}

/** The start has no way to it, but a name. */
const wayOf = ({ path, name }: BrowsedNode): readonly Step[] => (path.length > 0 ? path : [name])

const pathText = (path: readonly Step[]) => `/${path.map(({ name }) => name).join('/')}`

function whyNot({ nodeClass, variable, problem }: BrowsedNode): string | undefined {
  if (nodeClass === 'Method') return undefined
  if (variable === undefined) return problem?.detail ?? 'nothing is known of it'
  if (!variable.isReadable) return 'it cannot be read'
  if (variable.isRefused === true && variable.value?.ok === false) {
    return `the server does not give its value: ${variable.value.error.detail}`
  }
  const length = variable.wholeLength ?? lengthOf(variable)
  if (length <= longestValue) return undefined
  return `its value is ${length} long, and a twin takes ${longestValue}; name a part of it with indexRange or member`
}

/** Bytes are shown as two digits each. */
function lengthOf({ value }: BrowsedVariable): number {
  if (value?.ok !== true) return 0
  if (value.value instanceof Uint8Array) return 2 * value.value.length
  return typeof value.value === 'string' ? value.value.length : 0
}

function modelProperty({ node, name }: { readonly node: BrowsedNode; readonly name: string }) {
  const { variable } = node
  const description = pathText(node.path)
  if (variable === undefined) return { name, description, type: 'STRING', accessMode: 'ReadWrite' }
  const type = typeOf(variable)
  const { isWritable, unit, range } = variable
  const isNumber = type === 'INT' || type === 'FLOAT' || type === 'DOUBLE'
  // A wish beyond the range is a mistake; what a sensor measures beyond it is news.
  const limits = isNumber && isWritable ? range : undefined
  const usual =
    range && !limits ? `${description}, usually ${range.low} to ${range.high}` : description
  return {
    ...{ name, description: usual, type, accessMode: isWritable ? 'ReadWrite' : 'ReadOnly' },
    ...(limits && { minimum: String(limits.low), maximum: String(limits.high) }),
    ...(unit !== undefined && { unit }),
  }
}

/** Arrays and structures are JSON; the names of an enumeration are texts. */
export const typeOf = ({
  dataType,
  shape,
  isEnumeration,
  value,
}: BrowsedVariable): PropertyType => {
  if (dataType === undefined || isEnumeration) return 'STRING'
  const kind = value?.ok === true ? typeof value.value : undefined
  // What may be this or that is what it is now.
  const isScalar =
    shape === 'scalar' || (shape === 'any' && kind !== undefined && kind !== 'string')
  return isScalar ? typeOfData(dataType) : 'STRING'
}

function visitorOf(node: BrowsedNode): RawConfig {
  if (node.nodeClass !== 'Method') return { nodeID: node.nodeId }
  // Once for each wish: a restart of the mapper must not call it again.
  return { nodeID: node.parentId, methodID: node.nodeId, desiredPolicy: 'once' }
}

/** Texts that any YAML would take for numbers or booleans get quotes; long lines stay lines. */
const yamlOf = (content: object): string =>
  new Document(content, { compat: 'yaml-1.1' }).toString({ lineWidth: 0, singleQuote: true })
