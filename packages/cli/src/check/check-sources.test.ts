import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createDriverChoice } from '../driver-choice.ts'
import { findDriver } from '../find-driver.ts'
import { checkSources } from './check-sources.ts'
import type { Source } from './document.ts'
import { examples, mapperFile, plant, recipe, script } from './examples.suite.ts'
import { formatFinding, type Finding } from './finding.ts'
import { fixSources } from './fix-sources.ts'
import { ruleOf, rules, type RuleName } from './rules.ts'

const choice = createDriverChoice([])
const driverOf = (name: string) => findDriver(choice(name))
const check = (sources: readonly Source[]) => checkSources(sources, driverOf)

const files = (text = plant, config = mapperFile): readonly Source[] => [
  { file: 'plant.yaml', text },
  { file: 'config.yaml', text: config },
]

/** The files with one change; it must be one. */
function changed(from: string, to: string): readonly Source[] {
  const own = files().find(({ text }) => text.includes(from))
  expect(own, from).toBeDefined()
  return files().map((source) =>
    source.file === own?.file ? { ...source, text: source.text.replace(from, to) } : source,
  )
}

const ofRule = (findings: readonly Finding[], name: RuleName) =>
  findings.filter(({ rule }) => rule === name)

test('a plant without a fault is passed without a word', async () => {
  expect((await check(files())).findings.map(formatFinding)).toEqual([])
})

const cases = Object.entries(examples).flatMap(([name, all]) =>
  all.map((example) => [name as keyof typeof examples, example.to.slice(0, 60), example] as const),
)

describe('rules', () => {
  test.each(cases)('%s: %j is found where it stands', async (name, _, { from, to, at }) => {
    const { findings } = await check(changed(from, to))
    const found = ofRule(findings, name).map(({ line, column }) => `${line}:${column}`)
    expect(found, findings.map(formatFinding).join('\n')).toContain(at)
  })

  test.each(cases.filter(([, , { fine }]) => fine !== undefined))(
    '%s is not broken by what is near to %j',
    async (name, _, { from, fine = '' }) => {
      const { findings } = await check(changed(from, fine))
      expect(ofRule(findings, name).map(formatFinding)).toEqual([])
    },
  )

  test('that have an edit say so, and no others', async () => {
    const found = await Promise.all(
      cases.map(async ([, , { from, to }]) => (await check(changed(from, to))).findings),
    )
    const withEdit = found.flat().filter(({ edit }) => edit !== undefined)
    const fixable = Object.keys(rules).filter((name) => ruleOf(name as RuleName).fix !== undefined)
    expect([...new Set(withEdit.map(({ rule }) => rule))].sort()).toEqual(fixable.sort())
  })
})

describe('mending', () => {
  const mend = (sources: readonly Source[]) => fixSources(sources, check)

  test.each<readonly [from: string, wrong: string, right: string]>([
    ['collectCycle: 2000', 'colectCycle: 2000 # s', 'collectCycle: 2000 # s'],
    ['collectCycle: 2000', 'collectCycle: "2000"', 'collectCycle: 2000'],
    ['collectCycle: 2000', 'collectCycle:   5000000000 # ns', 'collectCycle:   5000 # ns'],
    ['type: FLOAT', 'type: Float', 'type: FLOAT'],
    ['value: "20"', 'value: 20', 'value: "20"'],
    ['value: "20"', 'value: 1e1', 'value: "1e1"'],
    ['baudRate: 9600', 'serial: 4294967295', 'serial: "4294967295"'],
    ['baudRate: 9600', 'serial: 9007199254740993', 'serial: "9007199254740993"'],
    ['baudRate: 9600', 'serial: 0xFFFFFFFF', 'serial: "4294967295"'],
    ['baudRate: 9600', 'baudrat: 9600', 'baudRate: 9600'],
    ['http_port: 7777', 'http_prot: 7777', 'http_port: 7777'],
  ])('%j as %j becomes %j, and nothing else changes', async (from, wrong, right) => {
    const { sources, done, checked } = await mend(changed(from, wrong))
    expect(sources).toEqual(changed(from, right))
    expect(done).toHaveLength(1)
    expect(checked.findings.filter(({ edit }) => edit !== undefined)).toEqual([])
    const again = await mend(sources)
    expect(again.done).toEqual([])
    expect(again.sources).toEqual(sources)
  })

  test.each<readonly [from: string, doubtful: string]>([
    ['name: mode\n', 'name: moda\n'],
    ['{ name: boiler }\n  protocol', '{ name: boilr }\n  protocol'],
    ['[setpoint]', '[setpiont]'],
    ['collectCycle: 2000', 'collectCycle: 9'],
    ['collectCycle: 2000', 'collectCycle: 123456789'],
    ['baudRate: 9600', 'dts: true'],
    ['unit: 1, baudRate: 9600', 'slaveID: 1, unti: 2'],
    ['unit: 1, baudRate: 9600', 'unit: 1, unti: 2'],
    ['unit: 1, baudRate: 9600', 'limit: .inf'],
  ])('%j as %j is left to people', async (from, doubtful) => {
    const before = changed(from, doubtful)
    const { sources, done, checked } = await mend(before)
    expect(done).toEqual([])
    expect(sources).toEqual(before)
    expect(checked.findings).not.toEqual([])
  })

  test('of two slips for one name, one is mended', async () => {
    const { sources, done } = await mend(changed('unit: 1, baudRate: 9600', 'unti: 1, uint: 2'))
    expect(done).toHaveLength(1)
    expect(sources[0]?.text).toMatch(/unti: 1, unit: 2|unit: 1, uint: 2/)
  })
})

describe('files of mappers', () => {
  test('say which protocol and which cycles are right', async () => {
    const named = plant
      .replace(
        '{ protocolName: modbus, configData: { path',
        '{ protocolName: modbus-rtu, configData: { path',
      )
      .replace('collectCycle: 2000', 'collectCycle: 2000000000')
    const config = 'common: { protocol: modbus-rtu }\nmapper: { cycle_unit: ns }\n'
    const { findings } = await check(files(named, config))
    expect(ofRule(findings, 'protocol-mapper')).toEqual([])
    expect(ofRule(findings, 'cycle-nanoseconds')).toEqual([])
  })

  test('with the MQTT uplink have no budget', async () => {
    const busy = plant.replace('collectCycle: 2000', 'collectCycle: 200')
    const { findings } = await check(files(busy, 'mqtt: { url: mqtt://127.0.0.1:1883 }\n'))
    expect(findings.map(formatFinding)).toEqual([])
  })
})

test('many devices wait long, and the figure is said', async () => {
  const [model = '', device = ''] = plant.split('---\n')
  const many = Array.from({ length: 70 }, (_, index) =>
    device
      .replace('name: boiler-1', `name: boiler-${index}`)
      .replace('unit: 1', `unit: ${index + 1}`),
  )
  const { findings } = await check(files([model, ...many].join('---\n')))
  expect(findings.map(({ rule, severity }) => [rule, severity])).toEqual([
    ['report-budget', 'warning'],
  ])
  expect(findings[0]?.message).toMatch(
    /^70 devices of node edge-1 may make 35 reports a second .* every 70 s/,
  )
})

test.each<readonly [desired: string, told: readonly string[]]>([
  ['heiß', ['value-illegal']],
  ['b64:aGVpw58', []],
  ['hot', []],
])('a desired text %j is told of if it cannot be read in the cloud', async (desired, told) => {
  const text = plant
    .replace(
      ', map: "0=off,1=on" } }\n  methods',
      ', type: string, length: 4 } }\n      desired: { value: DESIRED }\n  methods',
    )
    .replace('DESIRED', desired)
  expect(text).toContain(desired)
  expect((await check(files(text))).findings.map(({ rule }) => rule)).toEqual(told)
})

test('the settings that recipes have for a line count, too', async () => {
  const scale = (name: string, words: string) =>
    [
      'apiVersion: devices.kubeedge.io/v1beta1\nkind: Device',
      `metadata: { name: ${name} }`,
      'spec:\n  nodeName: edge-1\n  deviceModelRef: { name: scale }',
      `  protocol: { protocolName: serial, configData: { path: /dev/ttyS1, ${words} } }`,
      '  properties: [{ name: weight, reportToCloud: true, collectCycle: 5000 }]\n',
    ].join('\n')
  const model =
    'apiVersion: devices.kubeedge.io/v1beta1\nkind: DeviceModel\nmetadata: { name: scale }\nspec:\n  protocol: serial\n  properties: [{ name: weight, type: DOUBLE, accessMode: ReadOnly }]\n'
  const told = async (words: string) => {
    const text = [model, scale('a', 'recipe: mt-sics-scale'), scale('b', words)].join('---\n')
    return (await check(files(text))).findings.map(({ rule, message }) => `${rule} ${message}`)
  }
  expect(await told('recipe: mt-sics-scale, pauseMs: 5, baudRate: 9600')).toEqual([])
  expect(await told('recipe: mt-sics-scale, pauseMs: 5, baudRate: 2400')).toEqual([
    'line-settings is 2400, but default/a sets the line /dev/ttyS1 to 9600; write the same for both',
  ])
})

test('a secret is never told', async () => {
  const { findings } = await check(changed('baudRate: 9600', 'password: hunter2'))
  expect(findings.map(formatFinding).join('\n')).not.toContain('hunter2')
})

describe('recipes and what belongs to them', () => {
  let folder: string
  beforeEach(async () => void (folder = await mkdtemp(path.join(tmpdir(), 'mapper-check-'))))
  afterEach(() => rm(folder, { recursive: true }))

  const found = async (name: string, text: string) => {
    const file = path.join(folder, name)
    const { findings } = await check([{ file, text }])
    return findings.map(({ rule, line, column }) => `${line}:${column} ${rule}`)
  }

  test.each<readonly [name: string, good: string, from: string, to: string, told: string]>([
    ['tank.yaml', recipe, 'from: level', 'fro: level', '6:12 recipe'],
    ['tank.simulator.yaml', script, 'everyMs', 'evryMs', '3:5 simulator-script'],
    ['other.yaml', script, 'everyMs: 1000', 'everyMs: 1', '3:7 simulator-script'],
    [
      'tank.transcript.yaml',
      'recipe: tank.yaml\nsteps:\n  - { exchange: level, sends: L }\n',
      'exchange: level, ',
      '',
      '3:5 transcript',
    ],
  ])('%s', async (name, good, from, to, told) => {
    await writeFile(path.join(folder, 'tank.yaml'), recipe)
    expect(await found(name, good)).toEqual([])
    expect(await found(name, good.replace(from, to))).toContain(told)
  })

  test('a script without its recipe says so', async () => {
    expect(await found('tank.simulator.yaml', script)).toEqual(['1:1 simulator-script'])
  })
})
