import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { beforeAll, describe, expect, test } from 'vitest'
import { yamlParts } from '@mapper-sdk/edge-sim'
import { knownDrivers } from '../find-driver.ts'
import { mapperFile, plant, recipe, script } from '../check/examples.suite.ts'
import { schemaFor, schemaNames } from './schema-for.ts'

const root = fileURLToPath(new URL('../../../..', import.meta.url))
const inRoot = (file: string) => path.join(root, file)

const validators = new Map<string, ValidateFunction>()
beforeAll(async () => {
  for (const name of [...schemaNames, ...knownDrivers]) {
    // As editors read it: without the strictness that our own schemas are written under.
    const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false })
    const schema = await schemaFor(name)
    expect(schema['$schema']).toBe('https://json-schema.org/draft/2020-12/schema')
    expect(ajv.validateSchema(schema), ajv.errorsText()).toBe(true)
    validators.set(name, ajv.compile(schema))
  }
})

/** Where the documents of a text do not fit, as JSON pointers with their keywords. */
function misfits(name: string, text: string): readonly string[] {
  const validate = validators.get(name)
  if (validate === undefined) throw new Error(`no schema ${name}`)
  return yamlParts(text).flatMap(({ value, problems }) => {
    expect(problems).toEqual([])
    return validate(value)
      ? []
      : (validate.errors ?? []).map(({ instancePath, keyword }) => `${instancePath} ${keyword}`)
  })
}

const yamlIn = (folder: string, fits: (name: string) => boolean) =>
  readdirSync(inRoot(folder))
    .filter((name) => /\.ya?ml$/.test(name) && fits(name))
    .map((name) => `${folder}/${name}`)

const resources = [
  ...yamlIn('examples/playground', () => true),
  ...yamlIn('examples/serial-scale', () => true),
  ...yamlIn('examples/custom-driver/devices', () => true),
]
const ownRecipes = (kind: RegExp) => yamlIn('packages/serial/recipes', (name) => kind.test(name))

describe('the files of this repository fit', () => {
  test.each<readonly [name: string, file: string]>([
    ...resources.map((file) => ['resource', file] as const),
    ['config', 'examples/custom-driver/config.yaml'],
    ...ownRecipes(/^[^.]+\.yaml$/).map((file) => ['recipe', file] as const),
    ...yamlIn('examples/serial-scale/recipes', (name) => /^[^.]+\.yaml$/.test(name)).map(
      (file) => ['recipe', file] as const,
    ),
    ...ownRecipes(/\.simulator\.yaml$/).map((file) => ['simulator', file] as const),
  ])('%s: %s', (name, file) => {
    expect(misfits(name, readFileSync(inRoot(file), 'utf8'))).toEqual([])
  })

  test('and there are some', () => {
    expect(resources.length).toBeGreaterThan(4)
    expect(ownRecipes(/^[^.]+\.yaml$/).length).toBeGreaterThan(6)
  })

  test('as do messages that KubeEdge was seen to take, but for what it breaks itself', () => {
    const text = readFileSync(inRoot('test/fixtures/edgecore-1.23/device.yaml'), 'utf8')
    expect(misfits('resource', text)).toEqual([])
  })
})

describe('a slip is found', () => {
  test.each<readonly [name: string, good: string, from: string, to: string, at: string]>([
    [
      'resource',
      plant,
      'kind: DeviceModel',
      'kind: DeviceModel\nspecs: {}',
      ' additionalProperties',
    ],
    ['resource', plant, 'type: FLOAT', 'type: float', '/spec/properties/0/type enum'],
    [
      'resource',
      plant,
      'baudRate: 9600',
      'baudRate: 1',
      '/spec/protocol/configData/baudRate minimum',
    ],
    ['resource', plant, 'baudRate: 9600', 'parity: evn', '/spec/protocol/configData/parity enum'],
    [
      'resource',
      plant,
      'baudRate: 9600',
      'baudRate: fast',
      '/spec/protocol/configData/baudRate pattern',
    ],
    [
      'resource',
      plant,
      'table: holding',
      'table: [1]',
      '/spec/properties/0/visitors/configData/table type',
    ],
    [
      'resource',
      plant,
      'address: 10',
      'deadband: -1, address: 10',
      '/spec/properties/0/visitors/configData/deadband minimum',
    ],
    ['config', mapperFile, 'http_port: 7777', 'http_port: 77777', '/common/http_port maximum'],
    ['config', mapperFile, 'http_port: 7777', 'http_prot: 7777', '/common additionalProperties'],
    ['recipe', recipe, 'from: level', 'fro: level', '/values/level required'],
    ['simulator', script, 'everyMs: 1000', 'everyMs: 1', '/sends/0/everyMs minimum'],
  ])('%s, not %#', (name, good, from, to, at) => {
    expect(misfits(name, good)).toEqual([])
    const bad = good.replace(from, to)
    expect(bad).not.toBe(good)
    expect(misfits(name, bad)).toContain(at)
  })
})

test.each<readonly [from: string, to: string]>([
  ['port: 1502', 'port: "1502"'],
  ['unit: 1', 'slaveID: 1'],
  ['table: holding, address: 10', 'register: HoldingRegister, offset: 10'],
  ['table: holding, address: 10, ', ''],
  ['visitors: { configData: { table: holding, address: 12, scale: 0.1 } }', 'collectCycle: 100'],
  ['protocolName: modbus, configData: { path', 'protocolName: coffee, configData: { beans'],
])('what a mapper takes is no slip: %j as %j', (from, to) => {
  expect(misfits('resource', plant.replace(from, to))).toEqual([])
})

test('the file of a mapper may have empty blocks and numbers for texts', () => {
  const text = 'grpc_server:\ncommon: { version: 1.10, address: }\nlog: { level: }\n'
  expect(misfits('config', text)).toEqual([])
})

test('a name that is none says what there is', async () => {
  await expect(schemaFor('nothing')).rejects.toMatchObject({ code: 'invalid_config' })
})

test('the settings of a driver are its own schemas', async () => {
  const { protocolSchema } = await import('@mapper-sdk/modbus')
  expect(await schemaFor('modbus')).toMatchObject({ $defs: { protocol: protocolSchema } })
})

test('fields say what they mean, and settings what their drivers say of them', async () => {
  const text = JSON.stringify(await schemaFor('device'))
  expect(text).toContain('How often the property is read, in ms; default: 1000')
  expect(text).toContain('Serial line: speed, in bit/s.')
  expect(text).toContain('A change up to this much, in the unit of the twin, is not reported.')
})
