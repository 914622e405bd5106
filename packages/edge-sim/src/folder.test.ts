import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { deviceOf, modelOf } from './convert.ts'
import { loadFolder, parseFile } from './folder.ts'

const model = `apiVersion: devices.kubeedge.io/v1beta1
kind: DeviceModel
metadata: { name: boiler-model }
spec:
  protocol: modbus
  protocolConfigData: { port: 502 }
  properties:
    - { name: temperature, type: FLOAT, accessMode: ReadOnly, maximum: "150" }
`
const device = `apiVersion: devices.kubeedge.io/v1beta1
kind: Device
metadata:
  name: boiler
  namespace: default
spec:
  deviceModelRef: { name: boiler-model }
  protocol:
    protocolName: modbus
    configData: { ip: 127.0.0.1, big: 16777217 }
  properties:
    - name: temperature
      desired: { value: "5" }
      collectCycle: 500
      visitors:
        configData:
          offset: 0.1
`
const folders: string[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true })
})
async function folderOf(files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'edge-sim-'))
  folders.push(folder)
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text)
  return folder
}

test('documents of several files, with places', async () => {
  const folder = await folderOf({
    'all.yaml': `${model}---\n${device}---\n`,
    'other.yml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: x }\n---\n# nothing\n',
    'notes.txt': 'not: yaml: at all',
  })
  const { documents, issues } = await loadFolder(folder)
  expect(issues).toEqual([])
  expect(documents.map(({ kind, id }) => `${kind} ${id}`)).toEqual([
    'DeviceModel default/boiler-model',
    'Device default/boiler',
  ])
  const [, boiler] = documents
  expect(boiler?.locate(['spec', 'protocol', 'configData', 'ip'])).toEqual({ line: 19, column: 23 })
  expect(boiler?.locate(['spec', 'properties', 0, 'visitors', 'configData', 'offset'])).toEqual({
    line: 26,
    column: 19,
  })
  // Of what is not there, the place of its parent; of a map its key.
  expect(boiler?.locate(['spec', 'properties', 0, 'visitors', 'configData', 'no'])).toEqual({
    line: 25,
    column: 9,
  })
  expect(boiler?.locate(['spec', 'properties'])).toEqual({ line: 20, column: 3 })
})

test.each([
  ['spec: [1', /broken YAML/, ''],
  ['a: 1\na: 2', /broken YAML: .*unique/, ''],
  ['{ kind: Device, spec: 1 }', /apiVersion must be/, 'apiVersion'],
  [device.replace('v1beta1', 'v1alpha2'), /since 1.15 understands no other/, 'apiVersion'],
  [device.replace('kind: Device', 'kind: Devize'), /Device or DeviceModel/, 'kind'],
  [
    device.replace('"5"', '5'),
    /must be a text, but is a number; put it in quotes: "5"/,
    'spec.properties[0].desired.value',
  ],
  [device.replace('500', 'half a second'), /whole number/, 'spec.properties[0].collectCycle'],
  [
    device.replace('collectCycle', 'colectCycle'),
    /did you mean collectCycle\?/,
    'spec.properties[0].colectCycle',
  ],
  [device.replace('{ name: boiler-model }', '{}'), /has no name; add name/, 'spec.deviceModelRef'],
  [device.replace('name: boiler\n', 'name: Boiler_1\n'), /lower case/, 'metadata.name'],
  [`${device}    - name: temperature\n`, /there twice/, 'spec.properties[1].name'],
  [model.replace('FLOAT', 'REAL'), /one of INT, FLOAT/, 'spec.properties[0].type'],
  [model.replace('"150"', '150'), /put it in quotes: "150"/, 'spec.properties[0].maximum'],
])('%j is refused with its place and the fix', async (text, message, where) => {
  const { documents, issues, broken } = parseFile('f.yaml', `${text}\n---\n${model}`)
  expect(broken).toBe(true)
  expect(documents.at(-1)?.id).toBe('default/boiler-model')
  expect(issues[0]).toMatchObject({ file: 'f.yaml', path: where })
  expect(issues[0]?.message).toMatch(message)
  const { line, column } = issues[0] ?? { line: 0, column: 0 }
  expect(line).toBeGreaterThan(0)
  expect(column).toBeGreaterThan(0)
})

test('an issue points to the line and column of what is wrong', () => {
  const { issues } = parseFile('f.yaml', `${model}---\n${device.replace('"5"', '5')}`)
  expect(issues).toEqual([
    {
      ...{ file: 'f.yaml', line: 22, column: 25, path: 'spec.properties[0].desired.value' },
      message:
        'spec.properties[0].desired.value: must be a text, but is a number; put it in quotes: "5"',
    },
  ])
})

test('settings that EdgeCore cannot deliver are an issue, and the device is there all the same', () => {
  const nested = device.replace('offset: 0.1', 'offset: [1, 2]\n          data: 1')
  const { issues, documents, broken } = parseFile('f.yaml', nested)
  expect(broken).toBe(false)
  expect(documents).toHaveLength(1)
  expect(issues.map(({ path: where, line }) => `${where}:${line}`)).toEqual([
    'spec.properties[0].visitors.configData.offset:17',
    'spec.properties[0].visitors.configData.data:18',
  ])
})

test('of two documents with one name the first counts', async () => {
  const folder = await folderOf({ 'a.yaml': model, 'b.yaml': model })
  const { documents, issues } = await loadFolder(folder)
  expect(documents).toHaveLength(1)
  expect(issues[0]?.file).toMatch(/b\.yaml$/)
  expect(issues[0]?.message).toMatch(/already in .*a\.yaml:3/)
})

test('a folder that is not there is an error', async () => {
  await expect(loadFolder('/nowhere/at/all')).rejects.toMatchObject({ code: 'invalid_config' })
})

test('in core’s words a device is as a mapper sees it', () => {
  const { documents } = parseFile('f.yaml', `${model}---\n${device}`)
  const [first, second] = documents
  if (!first || !second) throw new Error('two documents')
  expect(modelOf(first.manifest)).toEqual({
    namespace: 'default',
    name: 'boiler-model',
    properties: [{ name: 'temperature', type: 'FLOAT', accessMode: 'ReadOnly', maximum: '150' }],
  })
  expect(deviceOf(second.manifest, first.manifest)).toEqual({
    namespace: 'default',
    name: 'boiler',
    model: 'boiler-model',
    protocolName: 'modbus',
    protocol: { ip: '127.0.0.1', big: 16777216, port: 502 },
    properties: [
      {
        ...{ name: 'temperature', desired: '5', visitor: { offset: 0.1 } },
        ...{ collectCycle: 500, reportCycle: 0, reportToCloud: false },
      },
    ],
    methods: [],
    stateReport: { toCloud: false, cycleMs: 0 },
  })
  expect(() => deviceOf(first.manifest)).toThrow(/not Device/)
})
