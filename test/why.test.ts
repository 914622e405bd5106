import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { MapperError, type Driver } from '@mapper-sdk/core'
import { modbusDriver } from '@mapper-sdk/modbus'
import { createBank, serveTcp } from '@mapper-sdk/modbus/simulator'
import { serialDriver } from '@mapper-sdk/serial'
import { describe, expect, it, type TestContext } from 'vitest'
import { checkPaths } from '../packages/cli/src/check-folder.ts'
import { startFieldMapper, type FieldMapper } from './support/field-mapper.ts'
import { manifestsOf } from './support/manifests.ts'
import { scratchFolder } from './support/scratch-folder.ts'
import { until } from './support/until.ts'

/** "My twin isn't updating": what goes wrong in the field, and who names the cause. */

async function field(context: TestContext, settings: Parameters<typeof startFieldMapper>[1] = {}) {
  const bank = createBank()
  bank.setRegister('holding', 0, 42)
  bank.setRegister('holding', 1, 0x4142)
  bank.hole('holding', 900, 900)
  const simulator = await serveTcp(bank)
  context.onTestFinished(() => simulator.close())
  const mapper = startFieldMapper(context, settings)
  const protocol = { host: '127.0.0.1', port: simulator.port, timeoutMs: 200 }
  return { bank, simulator, mapper, protocol }
}
type Field = Awaited<ReturnType<typeof field>>

const level = { table: 'holding', address: 0 }
const isTold = (mapper: FieldMapper) =>
  until(
    'the first value',
    () => mapper.twin('meter'),
    (twin) => twin !== undefined,
  )

const inTheField: readonly (readonly [
  fault: string,
  cause: RegExp,
  happen: (field: Field) => void | Promise<void>,
  settings?: Parameters<typeof startFieldMapper>[1],
])[] = [
  [
    'a wrong register',
    /holding 900|register.* 900|illegal data address/i,
    ({ mapper, protocol }) =>
      mapper.put('meter', protocol, { level: { visitor: { ...level, address: 900 } } }),
  ],
  [
    'a wrong unit',
    /unit 9/,
    ({ mapper, protocol, simulator }) => {
      simulator.faults(({ unit }) => (unit === 9 ? { kind: 'silent' } : undefined))
      mapper.put('meter', { ...protocol, unit: 9 })
    },
  ],
  [
    'the cable is out',
    /cannot be reached.*(ECONNREFUSED|closed|reset|gone)/i,
    async ({ mapper, protocol, simulator }) => {
      mapper.put('meter', protocol)
      await isTold(mapper)
      await simulator.close()
    },
  ],
  [
    'a host that is not there',
    /cannot be reached.*ECONNREFUSED/,
    ({ mapper, protocol }) => mapper.put('meter', { ...protocol, port: 1 }),
  ],
  [
    'a type that the registers do not hold',
    /bad_data|NaN|no finite number/i,
    ({ mapper, protocol, bank }) => {
      bank.setRegister('holding', 10, [0x7fc0, 0])
      const visitor = { table: 'holding', address: 10, type: 'float32' }
      mapper.put('meter', protocol, { level: { type: 'FLOAT', visitor } })
    },
  ],
  [
    'a value that EdgeCore drops',
    /EdgeCore would drop the value/,
    ({ mapper, protocol, bank }) => {
      bank.setRegister('holding', 20, [0x6869, 0x2074])
      const visitor = { table: 'holding', address: 20, type: 'string', length: 2 }
      mapper.put('meter', protocol, { level: { type: 'STRING', visitor } })
    },
    { values: 'reject' },
  ],
  [
    'a property that EdgeCore refuses',
    /EdgeCore refused the value: too strange/,
    ({ mapper, protocol }) => {
      mapper.edge.refuse('level', 'too strange')
      mapper.put('meter', protocol)
    },
  ],
  [
    'EdgeCore is gone',
    /EdgeCore is away/,
    async ({ mapper, protocol }) => {
      mapper.put('meter', protocol)
      await isTold(mapper)
      mapper.edge.setUp(false)
      mapper.edge.events?.link(false)
    },
  ],
  [
    'the budget is used up',
    /waits for the report budget/,
    async ({ mapper, protocol, bank }) => {
      mapper.put('meter', protocol)
      await isTold(mapper)
      bank.setRegister('holding', 0, 43)
    },
    { budget: { callsPerSecond: 0.2, burst: 3 } },
  ],
  [
    'a change within the deadband',
    /within the deadband/,
    async ({ mapper, protocol, bank }) => {
      mapper.put('meter', protocol, { level: { visitor: { ...level, deadband: 5 } } })
      await isTold(mapper)
      bank.setRegister('holding', 0, 44)
    },
  ],
  [
    'a long reportCycle',
    /waits \d+ ms for its reportCycle/,
    async ({ mapper, protocol, bank }) => {
      mapper.put('meter', protocol, { level: { visitor: level, reportCycle: 60_000 } })
      await isTold(mapper)
      bank.setRegister('holding', 0, 43)
    },
  ],
  [
    'reportToCloud is false',
    /reportToCloud is false/,
    ({ mapper, protocol }) =>
      mapper.put('meter', protocol, { level: { visitor: level, reportToCloud: false } }),
  ],
  [
    'a visitor that is wrong',
    /configuration is wrong:.*address/,
    ({ mapper, protocol }) =>
      mapper.put('meter', protocol, { level: { visitor: { table: 'holding' } } }),
  ],
  [
    'a property that the device does not have',
    /no property of this name/,
    ({ mapper, protocol }) => mapper.put('meter', protocol, { other: { visitor: level } }),
  ],
]

describe('explain names the cause of', () => {
  for (const [fault, cause, happen, settings] of inTheField) {
    it.concurrent(fault, async (context) => {
      const here = await field(context, settings)
      await happen(here)
      const why = await until(
        String(cause),
        () => here.mapper.why('meter'),
        (seen) => cause.test(seen),
      )
      context.expect(why).toMatch(cause)
    })
  }
})

/** A meter as it should be; a fault is one thing that is changed in its files. */
const files = () => {
  const [model, device] = manifestsOf({
    name: 'meter',
    protocol: { host: '192.0.2.1' },
    properties: [{ name: 'level', type: 'INT', visitor: level }],
  })
  return { model, device } as unknown as { model: Resource; device: Resource }
}
interface Resource {
  metadata: Record<string, unknown>
  spec: {
    properties: Record<string, unknown>[]
    protocol: { protocolName: string; configData: Record<string, unknown> }
    deviceModelRef: { name: string }
  }
}

const inTheFiles: readonly (readonly [
  fault: string,
  rule: string,
  change: (files: { model: Resource; device: Resource }) => void,
])[] = [
  [
    'a namespace that EdgeCore cannot route',
    'namespace-unroutable',
    ({ model, device }) => {
      for (const { metadata } of [model, device]) metadata['namespace'] = 'dev'
    },
  ],
  [
    'a missing model',
    'model-missing',
    ({ device }) => void (device.spec.deviceModelRef.name = 'other'),
  ],
  [
    'a property that the model does not have',
    'property-not-in-model',
    ({ model }) => void (model.spec.properties = []),
  ],
  [
    'nested settings',
    'config-nested',
    ({ device }) => void (device.spec.protocol.configData['com'] = { baudRate: 9600 }),
  ],
  [
    'a number that loses digits on its way',
    'number-precision',
    ({ device }) => void (device.spec.protocol.configData['timeoutMs'] = 16_777_217),
  ],
  [
    'a cycle in nanoseconds',
    'cycle-nanoseconds',
    ({ device }) => void Object.assign(device.spec.properties[0] ?? {}, { collectCycle: 1e10 }),
  ],
  [
    'a protocol without a driver',
    'protocol-unknown',
    ({ device }) => void (device.spec.protocol.protocolName = 'modbsu'),
  ],
  [
    'a property that is there twice',
    'property-twice',
    ({ device }) => void device.spec.properties.push(device.spec.properties[0] ?? {}),
  ],
  [
    'a name that EdgeCore drops',
    'name-illegal',
    ({ model, device }) => {
      for (const { spec } of [model, device])
        Object.assign(spec.properties[0] ?? {}, { name: 'Füllstand' })
    },
  ],
  [
    'nothing that is reported',
    'nothing-reported',
    ({ device }) => void Object.assign(device.spec.properties[0] ?? {}, { reportToCloud: false }),
  ],
  [
    'a recipe that does not exist',
    'config-value',
    ({ device }) => {
      device.spec.protocol = {
        protocolName: 'serial',
        configData: { path: '/dev/ttyS0', recipe: 'no-such-recipe' },
      }
    },
  ],
]

describe('mapper check names the cause of', () => {
  const driverOf = async (name: string) => {
    const driver = [modbusDriver as Driver, serialDriver].find((one) => one.protocolName === name)
    if (driver === undefined) throw new MapperError('invalid_config', `no driver for ${name}`)
    return driver
  }
  const rulesOf = async (context: TestContext, change: (typeof inTheFiles)[number][2]) => {
    const { folder, remove } = await scratchFolder()
    context.onTestFinished(remove)
    const both = files()
    change(both)
    for (const [name, resource] of Object.entries(both)) {
      await writeFile(path.join(folder, `${name}.yaml`), JSON.stringify(resource))
    }
    const { findings } = await checkPaths([folder], driverOf)
    return findings.filter(({ severity }) => severity !== 'note').map(({ rule }) => rule)
  }

  it('nothing where nothing is wrong', async (context) => {
    expect(await rulesOf(context, () => undefined)).toEqual([])
  })

  for (const [fault, rule, change] of inTheFiles) {
    it(fault, async (context) => expect(await rulesOf(context, change)).toContain(rule))
  }
})
