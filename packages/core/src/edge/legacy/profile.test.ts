import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseProfile } from './profile.ts'

const profile = (overrides: object = {}) => ({
  deviceInstances: [
    {
      id: 'boiler',
      name: 'boiler',
      protocol: 'modbus-boiler',
      model: 'boiler-model',
      twins: [
        { propertyName: 'setpoint', desired: { value: '42', metadata: { type: 'int' } } },
        { propertyName: 'temperature', desired: { value: '' } },
      ],
      data: { dataProperties: [{ propertyName: 'humidity', metadata: { type: 'string' } }] },
      propertyVisitors: [
        {
          propertyName: 'setpoint',
          collectCycle: 1_000_000_000,
          reportCycle: 2_000_000_000,
          visitorConfig: { register: 'HoldingRegister', offset: 2, limit: 1, scale: 1 },
        },
        { propertyName: 'temperature', collectCycle: -1, visitorConfig: { register: 'Coil' } },
        { propertyName: 'humidity', visitorConfig: { configData: { path: '/h' } } },
      ],
    },
  ],
  deviceModels: [
    {
      name: 'boiler-model',
      properties: [
        { name: 'setpoint', dataType: 'int', accessMode: 'ReadWrite', minimum: 0, maximum: 100 },
        { name: 'temperature', dataType: 'double', accessMode: 'ReadOnly', minimum: 0, maximum: 0 },
        { name: 'humidity', dataType: 'string', accessMode: 'ReadOnly' },
      ],
    },
  ],
  protocols: [
    {
      name: 'modbus-boiler',
      protocol: 'modbus',
      protocolConfig: { slaveID: 1 },
      protocolCommonConfig: { com: { serialPort: '/dev/ttyS0' }, tcp: { ip: '127.0.0.1' } },
    },
  ],
  ...overrides,
})

const parse = (value: unknown, protocolName = 'modbus') => {
  const parsed = parseProfile(JSON.stringify(value), protocolName)
  if (parsed.kind !== 'profile') throw new Error(parsed.reason)
  return parsed
}

describe('the file that CloudCore writes', () => {
  test('becomes devices and models in our words', () => {
    const { devices, models, issues } = parse(profile())
    expect(issues).toEqual([])
    expect(models).toEqual([
      {
        namespace: 'default',
        name: 'boiler-model',
        properties: [
          { name: 'setpoint', type: 'INT', accessMode: 'ReadWrite', minimum: '0', maximum: '100' },
          { name: 'temperature', type: 'DOUBLE', accessMode: 'ReadOnly' },
          { name: 'humidity', type: 'STRING', accessMode: 'ReadOnly' },
        ],
      },
    ])
    expect(devices).toHaveLength(1)
    expect(devices[0]?.device).toEqual({
      namespace: 'default',
      name: 'boiler',
      model: 'boiler-model',
      protocolName: 'modbus',
      protocol: {
        modbus: { slaveID: 1 },
        common: { com: { serialPort: '/dev/ttyS0' }, tcp: { ip: '127.0.0.1' } },
      },
      properties: [
        {
          ...{ name: 'setpoint', desired: '42', collectCycle: 1000, reportCycle: 2000 },
          reportToCloud: true,
          visitor: { register: 'HoldingRegister', offset: 2, limit: 1, scale: 1 },
        },
        {
          ...{ name: 'temperature', desired: '', collectCycle: 0, reportCycle: 0 },
          reportToCloud: false,
          visitor: { register: 'Coil' },
        },
        {
          ...{ name: 'humidity', desired: '', collectCycle: 0, reportCycle: 0 },
          reportToCloud: true,
          visitor: { path: '/h' },
        },
      ],
      methods: [],
      stateReport: { toCloud: true, cycleMs: 0 },
    })
    expect([...(devices[0]?.twins ?? [])]).toEqual([
      ['setpoint', 'int'],
      ['temperature', 'float'],
    ])
    expect(devices[0]?.data).toEqual({
      topic: '$ke/events/device/boiler/data/update',
      properties: new Map([['humidity', 'string']]),
    })
  })

  test('may hold each device as the custom resource that it is', () => {
    const resource = {
      metadata: { name: 'boiler', namespace: 'plant' },
      spec: {
        deviceModelRef: { name: 'boiler-model' },
        protocol: { modbus: { slaveID: 1 }, common: { tcp: { ip: '127.0.0.1', port: 502 } } },
        propertyVisitors: [
          {
            propertyName: 'setpoint',
            collectCycle: 500_000_000,
            modbus: { register: 'HoldingRegister', offset: 2 },
          },
        ],
      },
      status: { twins: [{ propertyName: 'setpoint', desired: { value: '7' } }] },
    }
    const { devices, issues } = parse(profile({ deviceInstances: [resource] }))
    expect(issues).toEqual([])
    expect(devices[0]?.device).toMatchObject({
      ...{ namespace: 'default', name: 'boiler', protocolName: 'modbus', model: 'boiler-model' },
      protocol: { modbus: { slaveID: 1 }, common: { tcp: { ip: '127.0.0.1', port: 502 } } },
      properties: [
        {
          ...{ name: 'setpoint', desired: '7', collectCycle: 500 },
          visitor: { register: 'HoldingRegister', offset: 2 },
        },
      ],
    })
  })

  test('has only the devices of the protocol that was asked for', () => {
    const own = { protocolName: 'coap', configData: { host: 'a' } }
    const protocols = [
      { name: 'modbus-boiler', protocol: 'customized-protocol', protocolConfig: own },
    ]
    expect(parse(profile()).devices).toHaveLength(1)
    expect(parse(profile(), 'opcua')).toMatchObject({ devices: [], issues: [] })
    const [coap] = parse(profile({ protocols }), 'coap').devices
    expect(coap?.device).toMatchObject({ protocolName: 'coap', protocol: { host: 'a' } })
  })
})

describe('what is broken', () => {
  test('is named with its place and touches no other device', () => {
    const [whole] = profile().deviceInstances
    const more = [null, { id: 'no-protocol', protocol: 'x' }, { ...whole, id: 'a/b' }, whole]
    const { devices, issues } = parse(profile({ deviceInstances: [...more, whole] }))
    expect(devices.map(({ device }) => device.name)).toEqual(['boiler'])
    expect(issues.map(({ path }) => path)).toEqual([
      'deviceInstances[0]',
      'deviceInstances[1].protocol',
      'deviceInstances[2]',
      'deviceInstances[4]',
    ])
  })

  test('of a type that nobody knows leaves the property out', () => {
    const deviceModels = [{ name: 'boiler-model', properties: [{ name: 'a', dataType: 'enum' }] }]
    const { models, issues } = parse(profile({ deviceModels }))
    expect(models[0]?.properties).toEqual([])
    expect(issues[0]?.path).toBe('deviceModels[0].properties[0].dataType')
  })

  test('is unreadable as a whole where it is no JSON object', () => {
    for (const text of ['', '{', '[]', 'null', '"a"', '{"deviceInstances":[', '\u0000']) {
      expect(parseProfile(text, 'modbus').kind).toBe('unreadable')
    }
    expect(parseProfile('\uFEFF{}', 'modbus').kind).toBe('profile')
  })

  test('never reaches a prototype, and ends where nesting has no end', () => {
    const text = JSON.stringify(profile()).replace('"slaveID":1', '"__proto__":{"polluted":1}')
    const parsed = parseProfile(text, 'modbus')
    expect(parsed).toMatchObject({ devices: [{ device: { protocol: { modbus: {} } } }] })
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
    const deep = `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`
    const nested = parseProfile(
      JSON.stringify(profile()).replace('"slaveID":1', `"a":${deep}`),
      'modbus',
    )
    expect(nested).toMatchObject({ issues: [{ path: 'deviceInstances[0].protocol' }] })
  })

  test('never throws, whatever the file holds', () => {
    const keys = ['deviceInstances', 'deviceModels', 'protocols', 'id', 'name', 'protocol', 'twins']
    const more = [
      'propertyVisitors',
      'propertyName',
      'spec',
      'metadata',
      'status',
      'data',
      'modbus',
    ]
    const key = fc.oneof(fc.constantFrom(...keys, ...more, '__proto__', 'constructor'), fc.string())
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 7, withCrossShrink: true },
        fc.constantFrom(null, true, 0, -1, 1e300, '', 'modbus', 'name'),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.array(fc.tuple(key, tie('value')), { maxLength: 5 }).map((entries) => {
          const object = Object.create(null) as Record<string, unknown>
          for (const [name, each] of entries) object[name] = each
          return object
        }),
      ),
    }))
    const root = fc.record({ deviceInstances: value, deviceModels: value, protocols: value })
    fc.assert(
      fc.property(fc.oneof(value, root), (any) => {
        parseProfile(JSON.stringify(any), 'modbus')
      }),
      { numRuns: 2000 },
    )
    fc.assert(fc.property(fc.string(), (text) => void parseProfile(text, 'modbus')))
  })

  test('any mutation of one entry leaves the other device as it was', () => {
    const [whole] = profile().deviceInstances
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(whole ?? {})), fc.jsonValue(), (key, value) => {
        const broken = { ...whole, id: 'other', [key]: value }
        const { devices } = parse(profile({ deviceInstances: [whole, broken] }))
        expect(devices[0]).toEqual(parse(profile()).devices[0])
      }),
    )
  })
})
