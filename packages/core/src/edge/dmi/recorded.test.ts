import {
  fromBinary,
  isFieldSet,
  ScalarType,
  toBinary,
  type DescField,
  type DescMessage,
  type MessageShape,
} from '@bufbuild/protobuf'
import { AnySchema, type Any } from '@bufbuild/protobuf/wkt'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { fromAny, toAny } from './any.ts'
import { decodeDevice, decodeModel } from './decode.ts'
import * as pb from './gen/dmi_pb.ts'

/**
 * Messages of a real EdgeCore 1.23, recorded as JSON with the exact bytes of each Any in `hex`.
 * `protoc` makes wire bytes of them again, so that what is decoded here was not encoded by our code.
 */
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const fixtures = '../../../../../test/fixtures/edgecore-1.23/'

interface Json {
  readonly [key: string]: unknown
}
const isMap = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const load = (name: string) => parse(readFileSync(here(fixtures + name), 'utf8')) as Json
const at = (json: unknown, ...path: (string | number)[]): Json =>
  path.reduce<unknown>((value, key) => (value as Json)[key], json) as Json

function decode<D extends DescMessage>(schema: D, json: Json): MessageShape<D> {
  const args = ['-I', here('../../../proto'), '--encode', schema.typeName, 'dmi.proto']
  const protoc = here('../../../../../node_modules/.bin/protoc')
  const bytes = execFileSync(protoc, args, { input: textOf(schema, json), timeout: 20_000 })
  return fromBinary(schema, new Uint8Array(bytes))
}

/** A recorded message in protobuf's text format. A field that the proto lacks is an error. */
function textOf(schema: DescMessage, json: Json): string {
  if (schema.typeName === AnySchema.typeName) {
    const bytes = Buffer.from(json['hex'] as string, 'hex')
    return `type_url: ${quote(json['@type'])} value: ${quote(bytes)}`
  }
  const lines = Object.entries(json).map(([key, value]) => {
    const field = schema.fields.find(({ name }) => name === key)
    if (field === undefined) throw new Error(`${schema.typeName} has no field ${key}`)
    return fieldText(field, value)
  })
  return lines.join('\n')
}

function fieldText(field: DescField, value: unknown): string {
  if (Array.isArray(value)) return value.map((item) => fieldText(field, item)).join('\n')
  if (field.fieldKind === 'map') {
    const entries = Object.entries(value as Json).map(([key, item]) => {
      const text =
        field.mapKind === 'message' ? `{ ${textOf(field.message, item as Json)} }` : quote(item)
      return `${field.name} { key: ${quote(key)} value: ${text} }`
    })
    return entries.join('\n')
  }
  if (field.message) return `${field.name} { ${textOf(field.message, value as Json)} }`
  return `${field.name}: ${field.scalar === ScalarType.STRING ? quote(value) : String(value)}`
}

const quote = (text: unknown) => {
  const bytes = Buffer.isBuffer(text) ? text : Buffer.from(text as string)
  return `"${[...bytes].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')}"`
}

/** Compares a decoded message with its recording, both ways: every field, and no other. */
function expectSame(schema: DescMessage, message: Json, json: Json) {
  if (schema.typeName === AnySchema.typeName) return expectSameAny(message as unknown as Any, json)
  const set = schema.fields.filter((field) => isFieldSet(message as never, field as never))
  expect(set.map(({ name }) => name).sort()).toEqual(Object.keys(json).sort())
  for (const field of set) {
    const actual = message[field.localName]
    const expected = json[field.name]
    const pairs: [unknown, unknown][] = Array.isArray(expected)
      ? expected.map((item, index) => [(actual as unknown[])[index], item])
      : field.fieldKind === 'map'
        ? Object.entries(expected as Json).map(([key, item]) => [(actual as Json)[key], item])
        : [[actual, expected]]
    for (const [one, other] of pairs) {
      if (field.message) expectSame(field.message, one as Json, other as Json)
      else expect(typeof one === 'bigint' ? String(one) : one).toEqual(other)
    }
  }
}

function expectSameAny(any: Any, json: Json) {
  expect(any.typeUrl).toBe(json['@type'])
  expect(Buffer.from(any.value).toString('hex')).toBe(json['hex'])
  const result = fromAny(any)
  if (!result.ok) throw new Error(result.issue)
  const { value } = result
  const recorded = json['decoded']
  expect(typeof recorded === 'number' ? Math.fround(value as number) : value).toBe(recorded)
  // Packed again, it is the same to the byte.
  const again = toAny(value)
  expect(again.typeUrl).toBe(any.typeUrl)
  expect(Buffer.from(again.value).toString('hex')).toBe(json['hex'])
}

const registered = at(load('MapperRegister.response.json'), 'resp')

describe('recorded messages decode field by field', () => {
  const cases: readonly (readonly [string, DescMessage, Json])[] = [
    ['MapperRegister.response.json', pb.MapperRegisterResponseSchema, registered],
    ...(
      [
        ['RegisterDevice', pb.RegisterDeviceRequestSchema],
        ['UpdateDevice', pb.UpdateDeviceRequestSchema],
        ['CreateDeviceModel', pb.CreateDeviceModelRequestSchema],
        ['UpdateDeviceModel', pb.UpdateDeviceModelRequestSchema],
        ['RemoveDevice', pb.RemoveDeviceRequestSchema],
        ['RemoveDeviceModel', pb.RemoveDeviceModelRequestSchema],
      ] as const
    ).map(([name, schema]) => [name, schema, at(load(`${name}.json`), 'req')] as const),
  ]
  test.each(cases)('%s', (_name, schema, json) => {
    const message = decode(schema, json)
    expectSame(schema, message, json)
    expect(fromBinary(schema, toBinary(schema, message))).toEqual(message)
  })
})

test('the registered device is the one of the CR', () => {
  const { device: message } = decode(
    pb.RegisterDeviceRequestSchema,
    at(load('RegisterDevice.json'), 'req'),
  )
  if (message === undefined) throw new Error('no device')
  const { device, issues } = decodeDevice(message)
  const cr = at(load('device.yaml'), 'spec')
  expect(issues).toEqual([])
  expect(device).toMatchObject({
    namespace: 'default',
    name: 'boiler-1',
    model: 'boiler-model',
    protocolName: 'modbus',
    methods: cr['methods'],
    stateReport: { toCloud: true, cycleMs: 5000 },
  })
  // What float32 cannot carry differs, and the model's default is merged in.
  const asWritten = at(cr, 'protocol', 'configData')
  expect(device.protocol).toEqual({
    ...asWritten,
    endian: 'big',
    bigInt24: 16777216,
    bigInt32: 4294967300,
    bigInt53: 9007199000000000,
    pi: 3.1415927,
  })
  const properties = cr['properties'] as readonly Json[]
  expect(device.properties.map(({ name }) => name)).toEqual(properties.map(({ name }) => name))
  for (const [index, property] of device.properties.entries()) {
    const written = properties[index] ?? {}
    expect(property.desired).toBe(isMap(written['desired']) ? written['desired']['value'] : '')
    expect(property.collectCycle).toBe(written['collectCycle'] ?? 0)
    expect(property.reportCycle).toBe(written['reportCycle'] ?? 0)
    expect(property.reportToCloud).toBe(written['reportToCloud'] ?? false)
    expect(property.pushMethod).toEqual(written['pushMethod'])
    // The model's defaults are merged in by EdgeCore.
    expect(property.visitor).toMatchObject(at(written, 'visitors', 'configData'))
  }
})

test('the registered model is the one of the CR', () => {
  const message = decode(
    pb.CreateDeviceModelRequestSchema,
    at(load('CreateDeviceModel.json'), 'req'),
  ).model
  if (message === undefined) throw new Error('no model')
  const written = at(load('model.yaml'), 'spec')['properties'] as readonly Json[]
  const model = decodeModel(message)
  expect([model.namespace, model.name]).toEqual(['default', 'boiler-model'])
  for (const [index, property] of model.properties.entries()) {
    // The wire's model has no visitors.
    const expected = { accessMode: 'ReadWrite', ...written[index], visitors: undefined }
    expect(property).toEqual(expected)
  }
})

test('what is missing gets its empty value, what is unknown the most careful one', () => {
  const device = decode(pb.DeviceSchema, {
    name: 'd',
    spec: { properties: [{ name: 'p', collectCycle: '9223372036854775807' }, { name: 'p' }] },
  })
  expect(decodeDevice(device).device).toEqual({
    namespace: 'default',
    name: 'd',
    model: '',
    protocolName: '',
    protocol: {},
    properties: [Number.MAX_SAFE_INTEGER, 0].map((collectCycle) => ({
      name: 'p',
      desired: '',
      visitor: {},
      collectCycle,
      reportCycle: 0,
      reportToCloud: false,
    })),
    methods: [],
    stateReport: { toCloud: false, cycleMs: 0 },
  })
  const model = decode(pb.DeviceModelSchema, {
    name: 'm',
    spec: { properties: [{ name: 'a', type: 'int', accessMode: 'readonly' }, { type: 'COMPLEX' }] },
  })
  expect(decodeModel(model).properties).toEqual([
    { name: 'a', type: 'INT', accessMode: 'ReadWrite' },
    { name: '', type: 'STRING', accessMode: 'ReadWrite' },
  ])
})

test('an entry that cannot be read is named with its place', () => {
  const broken = { '@type': 'x/Y', hex: '' }
  const device = decode(pb.DeviceSchema, {
    name: 'd',
    spec: {
      protocol: { configData: { data: { a: broken } } },
      properties: [
        { name: 'p', visitors: { configData: { data: { b: broken } } } },
        { name: 'q', pushMethod: { anomalyDetection: { data: { c: broken } } } },
      ],
    },
  })
  expect(decodeDevice(device).issues.map((issue) => issue.split(':')[0])).toEqual([
    'spec.protocol.configData.a',
    'properties.p.visitors.configData.b',
    'properties.q.c',
  ])
})
