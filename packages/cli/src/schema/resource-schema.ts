import { valueOptionsSchema, type Driver } from '@mapper-sdk/core'
import { apiGroup, deviceShape, modelShape, type Shape } from '@mapper-sdk/edge-sim'
import { lenient } from './lenient.ts'

type Schema = Readonly<Record<string, unknown>>

/** What stands in `configData`, by the protocolName next to it. */
export interface Protocol {
  readonly protocolName: string
  readonly driver: Pick<Driver, 'protocolSchema' | 'visitorSchema'>
}

/** A scalar: what EdgeCore delivers as a setting. */
const setting = { type: ['string', 'number', 'boolean'] }
const settings = { type: 'object', additionalProperties: setting }

/** The schema of a Device, with the settings of the protocols in it. */
export function deviceSchema(protocols: readonly Protocol[]): Schema {
  const schema = schemaOf(deviceShape)
  return {
    ...schema,
    title: 'Device',
    properties: { ...(schema['properties'] as Schema), ...fixedOf('Device') },
    allOf: protocols.map(ofProtocol),
  }
}

/** The schema of a DeviceModel. */
export function modelSchema(protocols: readonly Protocol[]): Schema {
  const schema = schemaOf(modelShape)
  return {
    ...schema,
    title: 'DeviceModel',
    properties: { ...(schema['properties'] as Schema), ...fixedOf('DeviceModel') },
    allOf: protocols.map(ofModelProtocol),
  }
}

/** One schema for both, by `kind`. Other Kubernetes objects pass. */
export const resourceSchema = (protocols: readonly Protocol[]): Schema => ({
  type: 'object',
  allOf: [deviceSchema(protocols), modelSchema(protocols)].map((schema) => ({
    if: { properties: { kind: { const: schema['title'] } }, required: ['kind'] },
    then: schema,
  })),
})

const fixedOf = (kind: string) => ({
  apiVersion: { const: `${apiGroup}/v1beta1` },
  kind: { const: kind },
})

function ofProtocol({ protocolName, driver }: Protocol): Schema {
  return {
    if: at(['spec', 'protocol', 'protocolName'], { const: protocolName }),
    then: inside(['spec'], {
      properties: {
        protocol: { properties: { configData: protocolOf(driver) } },
        properties: listOf(visitorOf(driver)),
      },
    }),
  }
}

function ofModelProtocol({ protocolName, driver }: Protocol): Schema {
  return {
    if: at(['spec', 'protocol'], { const: protocolName }),
    then: inside(['spec'], {
      properties: {
        protocolConfigData: protocolOf(driver),
        properties: listOf(visitorOf(driver)),
      },
    }),
  }
}

const listOf = (visitor: Schema) => ({
  items: { properties: { visitors: { properties: { configData: visitor } } } },
})

const protocolOf = ({ protocolSchema }: Protocol['driver']) =>
  lenient(protocolSchema, { partial: true })

const visitorOf = ({ visitorSchema }: Protocol['driver']): Schema => ({
  allOf: [visitorSchema, valueOptionsSchema].map((one) => lenient(one, { partial: true })),
})

/** Something at a path, which has to be there. */
const at = (path: readonly string[], schema: Schema): Schema =>
  path.reduceRight<Schema>(
    (inner, name) => ({ properties: { [name]: inner }, required: [name] }),
    schema,
  )

const inside = (path: readonly string[], schema: Schema): Schema =>
  path.reduceRight<Schema>((inner, name) => ({ properties: { [name]: inner } }), schema)

/** What the check of resources goes by, as a JSON Schema. */
export function schemaOf(shape: Shape): Schema {
  if (shape === 'string' || shape === 'boolean' || shape === 'integer') return { type: shape }
  if (shape === 'texts') return { type: 'object', additionalProperties: { type: 'string' } }
  if (shape === 'free') return settings
  if ('oneOf' in shape) return { type: 'string', enum: shape.oneOf }
  if ('list' in shape) return { type: 'array', items: schemaOf(shape.list) }
  const { fields, required = [], open = false } = shape
  return {
    type: 'object',
    properties: Object.fromEntries(
      Object.entries(fields).map(([name, inner]) => {
        const description = meanings[name]
        return [name, { ...schemaOf(inner), ...(description !== undefined && { description }) }]
      }),
    ),
    ...(required.length > 0 && { required }),
    ...(!open && { additionalProperties: false }),
  }
}

/** What the fields mean to a mapper, wherever they stand. */
const meanings: Readonly<Partial<Record<string, string>>> = {
  namespace: 'No part of $hw/events/device/: in dev, device or event nothing is ever reported.',
  deviceModelRef: 'The DeviceModel, which must be in the same namespace.',
  nodeName: 'The edge node. A device without it goes to no node.',
  protocolName: 'Selects the mapper. In a visitor it may be left out.',
  configData: 'Texts, numbers and booleans only. Write whole numbers beyond 16777216 as texts.',
  protocolConfigData: 'Settings for all devices of the model; those of a device come first.',
  desired: 'What the property should be. Only for properties that are ReadWrite.',
  collectCycle: 'How often the property is read, in ms; default: 1000',
  reportCycle: 'The shortest time between two reports, in ms.',
  reportToCloud: 'Whether it is reported at all; default: false',
  propertyNames: 'The properties that the method sets.',
  accessMode: 'ReadOnly or ReadWrite; default: ReadWrite',
  minimum: 'The lowest value, as a text in quotes.',
  maximum: 'The highest value, as a text in quotes.',
  stateReport: 'Whether and how often the state of the device is reported.',
}
