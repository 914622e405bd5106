import fc from 'fast-check'
import { Type } from 'typebox'
import { describe, expect, test } from 'vitest'
import { formatPath } from './config.ts'
import type { Device, DeviceModel, DeviceProperty, ModelProperty, RawConfig } from './device.ts'
import type { Driver } from './driver.ts'
import { MapperError } from './errors.ts'
import { createResolver, sameSpec, type ResolvedDevice } from './resolve.ts'

interface Protocol {
  readonly host: string
  readonly port: number
}
interface Visitor {
  readonly address: number
  readonly register: string
}

const driver: Driver<Protocol, Visitor> = {
  protocolName: 'test',
  protocolSchema: Type.Object({
    host: Type.String(),
    port: Type.Integer({ default: 502, minimum: 1, maximum: 65535 }),
  }),
  visitorSchema: Type.Object({
    address: Type.Integer({ minimum: 0, maximum: 65535 }),
    register: Type.String({ default: 'holding' }),
  }),
  // As the mappers of old do it: `offset` is the address, `max` means nothing.
  normalize: (raw, what) => {
    if (what === 'protocol' || !('limit' in raw)) return raw
    const { offset: address = null, ...rest } = raw
    const words = Object.entries(rest).filter(([key]) => key !== 'limit')
    return { ...Object.fromEntries(words), address }
  },
  connectionKey: ({ host, port }) => {
    if (host === 'bad') throw new MapperError('invalid_config', 'host "bad" cannot be reached')
    return `${host}:${port}`
  },
  connect: () => Promise.reject(new Error('not here')),
}

const modelOf = (...properties: Partial<ModelProperty>[]): DeviceModel => ({
  namespace: 'default',
  name: 'boiler',
  properties: properties.map((property) => ({
    name: 'temperature',
    type: 'DOUBLE',
    accessMode: 'ReadWrite',
    ...property,
  })),
})
const propertyOf = (property: Partial<DeviceProperty> = {}): DeviceProperty => ({
  name: 'temperature',
  desired: '',
  visitor: { address: 4 },
  collectCycle: 500,
  reportCycle: 0,
  reportToCloud: true,
  ...property,
})
const deviceOf = (properties: readonly DeviceProperty[], device: Partial<Device> = {}): Device => ({
  namespace: 'default',
  name: 'boiler-1',
  model: 'boiler',
  protocolName: 'test',
  protocol: { host: 'plc' },
  properties,
  methods: [],
  stateReport: { toCloud: false, cycleMs: 0 },
  ...device,
})

const resolve = createResolver(driver)
const model = modelOf({ unit: '°C', minimum: '-20', maximum: '150' })
const told = (device: Device, of = model) =>
  resolve(device, of).issues.map(
    ({ severity, path, message }) => `${severity}: ${formatPath(path)} ${message}`,
  )
const one = (property: Partial<DeviceProperty>, of = model) => {
  const { device } = resolve(deviceOf([propertyOf(property)]), of)
  return device?.properties[0]
}

describe('a device and its model', () => {
  test('become what the device loop runs', () => {
    expect(resolve(deviceOf([propertyOf({ desired: '21.5' })]), model)).toEqual({
      device: {
        id: 'default/boiler-1',
        protocol: { host: 'plc', port: 502 },
        connectionKey: 'plc:502',
        properties: [
          {
            name: 'temperature',
            type: 'DOUBLE',
            writable: true,
            visitor: { address: 4, register: 'holding' },
            // Those that do nothing are left out.
            options: { desiredPolicy: 'onChange' },
            limits: { minimum: -20, maximum: 150 },
            collectMs: 500,
            reportMs: 0,
            reportToCloud: true,
            desired: '21.5',
            unit: '°C',
          },
        ],
        stateReport: { toCloud: false, cycleMs: 0 },
        methods: [],
      },
      issues: [],
    })
  })

  test("core's options are taken out of the visitor, the driver's words stay", () => {
    const property = one({ visitor: { address: '4', scale: '0.1', map: '0=1,1=2', decimals: 1 } })
    expect(property?.visitor).toEqual({ address: 4, register: 'holding' })
    expect(property?.options).toMatchObject({ scale: 0.1, decimals: 1 })
    expect(property?.options.map).toEqual(
      new Map([
        ['0', '1'],
        ['1', '2'],
      ]),
    )
  })

  test("an old dialect's offset is an address, not a value option", () => {
    const property = one({ visitor: { offset: 4, limit: 1, scale: 0.1 } })
    expect(property?.visitor).toMatchObject({ address: 4 })
    expect(property?.options).toMatchObject({ offset: 0, scale: 0.1 })
  })

  test('cycles are milliseconds: own, inherited, guessed, set', () => {
    expect(one({ collectCycle: 0 })).toMatchObject({ collectMs: 1000, reportMs: 0 })
    expect(one({ reportCycle: 5000 })).toMatchObject({ collectMs: 500, reportMs: 5000 })
    expect(one({ collectCycle: 2e9 })).toMatchObject({ collectMs: 2000, reportMs: 0 })
    const strict = createResolver(driver, { cycleUnit: 'ms', minimumCycleMs: 600 })
    expect(strict(deviceOf([propertyOf()]), model).device?.properties[0]?.collectMs).toBe(600)
  })

  test('an unset access mode can be written', () => {
    const accessMode = '' as ModelProperty['accessMode']
    expect(one({ desired: '1' }, modelOf({ accessMode }))).toMatchObject({
      writable: true,
      desired: '1',
    })
  })

  test('a desired text may be encoded', () => {
    const text = modelOf({ type: 'STRING' })
    expect(one({ desired: 'b64:S2Vzc2VsIE5yLiAx' }, text)?.desired).toBe('Kessel Nr. 1')
    expect(one({ desired: 'Kessel Nr. 1' }, text)?.desired).toBe('Kessel Nr. 1')
  })
})

describe('what is wrong with a property is told, and the others run', () => {
  const good = propertyOf({ name: 'level' })
  const both = modelOf({ maximum: '150' }, { name: 'level' })
  const at = 'spec.properties[0]'

  test.each<[Partial<DeviceProperty>, string, (Partial<ModelProperty> | undefined)?]>([
    [{ name: 'pressure' }, `${at}.name is "pressure", which model default/boiler does not have`],
    [
      { name: 'boiler temperature' },
      `${at}.name is "boiler temperature", which EdgeCore cannot report; use 1 to 128 of letters, digits and - _ . , : / @ #`,
    ],
    [
      { visitor: {} },
      `${at}.visitors.configData is missing, so nothing says where to read; address is missing; add it`,
    ],
    [
      { visitor: { address: 70000 } },
      `${at}.visitors.configData.address is 70000, but must be at most 65535 and at least 0`,
    ],
    [
      { visitor: { offset: 70000, limit: 1 } },
      `${at}.visitors.configData.offset is 70000, but must be at most 65535 and at least 0`,
    ],
    [
      { visitor: { address: 1, scale: 0 } },
      `${at}.visitors.configData.scale is 0, but must not be 0 (Twin value = device value × scale + offset)`,
    ],
    [
      { visitor: { address: 1, map: 'off,on' } },
      `${at}.visitors.configData.map has "off" where "value=text" belongs; write it like "0=off,1=on"`,
    ],
    [
      { visitor: { address: 1, map: '0=off' } },
      `${at}.visitors.configData.map has the text "off", but the property is DOUBLE in its model; make it STRING there`,
    ],
    [
      {},
      `${at}.name is of type STREAM in model default/boiler, which is not supported`,
      { type: 'STREAM' },
    ],
    [
      {},
      `${at}.name is of type  in model default/boiler, which is not supported`,
      { type: '' as ModelProperty['type'] },
    ],
  ])('%j', (property, sentence, changed) => {
    const changedModel = changed ? modelOf(changed, { name: 'level' }) : both
    const { device } = resolve(deviceOf([propertyOf(property), good]), changedModel)
    expect(device?.properties.map(({ name }) => name)).toEqual(['level'])
    expect(told(deviceOf([propertyOf(property), good]), changedModel)).toEqual([
      `error: ${sentence}`,
    ])
  })

  test('the second of two with one name is left out', () => {
    const twice = deviceOf([good, propertyOf({ name: 'level', visitor: { address: 9 } })])
    const { device, issues } = resolve(twice, both)
    expect(device?.properties).toMatchObject([{ visitor: { address: 4 } }])
    expect(issues).toMatchObject([{ severity: 'error', path: ['spec', 'properties', 1, 'name'] }])
  })

  test.each<[Partial<DeviceProperty>, Partial<ModelProperty>, RegExp]>([
    [{ collectCycle: -1 }, {}, /^warning: spec.properties\[0\].collectCycle -1 is not a cycle/],
    [{ reportCycle: 5e9 }, {}, /^warning: spec.properties\[0\].reportCycle .*nanoseconds/],
    [
      {},
      { maximum: 'hot' },
      /^warning: spec.properties\[0\] has a limit in its model: maximum "hot"/,
    ],
    [{ visitor: { address: 1, adress: 2 } }, {}, /^warning: .*adress is not known.*mean address\?/],
    [{ visitor: { address: 1, scal: 2 } }, {}, /^warning: .*scal is not known.*mean scale\?/],
    [
      { desired: '1' },
      { accessMode: 'ReadOnly' },
      /^warning: .*desired.value is ignored.*ReadOnly/,
    ],
    [{ desired: 'hot' }, {}, /^error: .*desired.value "hot" is not a finite number/],
    [
      { desired: '151' },
      { maximum: '150' },
      /^error: .*desired.value 151 is above the maximum 150/,
    ],
    [
      { desired: '1.55', visitor: { address: 1, decimals: 1 } },
      {},
      /^error: .*desired.value 1.55 has more than 1 decimals/,
    ],
    [
      { desired: 'auto', visitor: { address: 1, map: '0=off,1=on' } },
      { type: 'STRING' },
      /^error: .*desired.value "auto" is not in the map; it has off, on/,
    ],
  ])('%j with model %j is still collected, and never written', (property, changed, sentence) => {
    const device = deviceOf([propertyOf(property)])
    const { device: resolved } = resolve(device, modelOf(changed))
    expect(resolved?.properties).toMatchObject([{ name: 'temperature', desired: '' }])
    expect(told(device, modelOf(changed))).toEqual([expect.stringMatching(sentence)])
  })
})

describe('a wrong protocol', () => {
  const path = 'spec.protocol.configData'
  test.each<[RawConfig, string]>([
    [{}, `error: ${path}.host is missing; add it`],
    [
      { host: 'h', port: 70000 },
      `error: ${path}.port is 70000, but must be at most 65535 and at least 1`,
    ],
    [{ host: 'bad' }, `error: ${path} host "bad" cannot be reached`],
  ])('%j leaves no device, but properties are checked all the same', (protocol, sentence) => {
    const device = deviceOf([propertyOf({ visitor: {} })], { protocol })
    expect(resolve(device, model).device).toBeUndefined()
    expect(told(device)).toEqual([
      sentence,
      expect.stringMatching(/visitors.configData is missing/),
    ])
  })

  test('a driver that throws or talks nonsense only spoils what it was asked about', () => {
    const broken = createResolver({
      ...driver,
      normalize: (raw, what) => {
        if (what === 'protocol') return raw
        if (raw['address'] === 1) throw new TypeError('oops')
        return (raw['address'] === 2 ? undefined : null) as unknown as RawConfig
      },
    })
    const properties = [1, 2, 3].map((address) =>
      propertyOf({ name: `p${address}`, visitor: { address } }),
    )
    const models = modelOf({ name: 'p1' }, { name: 'p2' }, { name: 'p3' })
    const { device, issues } = broken(deviceOf(properties), models)
    expect(device?.properties.map(({ name }) => name)).toEqual([])
    expect(issues.map(({ message }) => message)).toEqual([
      'oops',
      expect.stringMatching(/no object/),
      expect.stringMatching(/no object/),
    ])
  })

  describe('a check of the driver', () => {
    const checking = createResolver<Protocol, Visitor>({
      ...driver,
      check: ({ port }, { address }, property) => {
        if (address === 13) throw new TypeError('oops')
        const message = `is ${address}, but ${property?.type} ends at ${port} here`
        return address > port ? { field: 'address', message } : undefined
      },
    })
    const properties = [
      { address: 4 },
      { offset: 600, limit: 1 },
      { address: 700 },
      { address: 13 },
    ]
    const names = properties.map((_, index) => `p${index}`)
    const device = deviceOf(
      properties.map((visitor, index) => propertyOf({ name: `p${index}`, visitor })),
    )
    const models = modelOf(...names.map((name) => ({ name })))

    test('leaves out only its own property, at the name that the CR uses', () => {
      const { device: resolved, issues } = checking(device, models)
      expect(resolved?.properties.map(({ name }) => name)).toEqual(['p0'])
      expect(issues.map(({ path, message }) => `${formatPath(path)} ${message}`)).toEqual([
        'spec.properties[1].visitors.configData.offset is 600, but DOUBLE ends at 502 here',
        'spec.properties[2].visitors.configData.address is 700, but DOUBLE ends at 502 here',
        'spec.properties[3].visitors.configData oops',
      ])
    })

    test('is not asked while the protocol is wrong', () => {
      const { issues } = checking({ ...device, protocol: {} }, models)
      expect(issues.map(({ path }) => formatPath(path))).toEqual(['spec.protocol.configData.host'])
    })
  })

  test('a driver refuses a protocol config that its schema lets through, at the name that the CR uses', () => {
    const refusing = createResolver<Protocol, Visitor>({
      ...driver,
      checkProtocol: ({ port }) => {
        if (port === 1) throw new TypeError('oops')
        return port === 502 ? undefined : { field: 'port', message: `is ${port}, which is taken` }
      },
    })
    const issuesOf = (port: number) => {
      const device = deviceOf([propertyOf()])
      const { device: resolved, issues } = refusing(
        { ...device, protocol: { ...device.protocol, port } },
        modelOf({}),
      )
      expect(resolved === undefined).toBe(issues.length > 0)
      return issues.map(({ path, message }) => `${formatPath(path)} ${message}`)
    }
    expect(issuesOf(502)).toEqual([])
    expect(issuesOf(503)).toEqual(['spec.protocol.configData.port is 503, which is taken'])
    expect(issuesOf(1)).toEqual(['spec.protocol.configData oops'])
  })

  test("a driver may not claim core's words", () => {
    const visitorSchema = Type.Object({ scale: Type.Number() })
    expect(() => createResolver({ ...driver, visitorSchema })).toThrow(/scale, which core handles/)
  })
})

describe('sameSpec', () => {
  const device = deviceOf([propertyOf(), propertyOf({ name: 'level' })])
  const both = modelOf({}, { name: 'level' })
  const base = resolve(device, both).device as ResolvedDevice
  const first = device.properties[0] as DeviceProperty
  const second = device.properties[1] as DeviceProperty
  const reach = (changed: Partial<Device>, of = both) =>
    sameSpec(base, resolve({ ...device, ...changed }, of).device as ResolvedDevice)

  test('an equal update is nothing, whatever the order of keys', () => {
    expect(reach({})).toBe('equal')
    expect(reach({ protocol: { port: '502', host: 'plc' } })).toBe('equal')
    const visitor = { register: 'holding', map: '0=1', address: 4 }
    const turned = { address: 4, map: '0=1', register: 'holding' }
    const a = resolve(deviceOf([propertyOf({ visitor })]), both).device as ResolvedDevice
    const b = resolve(deviceOf([propertyOf({ visitor: turned })]), both).device as ResolvedDevice
    expect(sameSpec(a, b)).toBe('equal')
  })

  test.each<[string, Partial<Device>]>([
    ['desired', { properties: [{ ...first, desired: '5' }, second] }],
    ['visitors', { properties: [{ ...first, visitor: { address: 5 } }, second] }],
    ['visitors', { properties: [{ ...first, visitor: { address: 4, scale: 2 } }, second] }],
    ['visitors', { properties: [{ ...first, collectCycle: 600, desired: '5' }, second] }],
    ['visitors', { properties: [first] }],
    ['visitors', { properties: [second, first] }],
    ['visitors', { stateReport: { toCloud: true, cycleMs: 0 } }],
    ['visitors', { methods: [{ name: 'set', description: '', propertyNames: ['level'] }] }],
    ['connection', { protocol: { host: 'other' } }],
    ['connection', { protocol: { host: 'plc', port: 503 }, properties: [] }],
  ])('%s: %j', (reached, changed) => expect(reach(changed)).toBe(reached))

  test('a change of the model counts as one of visitors', () => {
    expect(reach({}, modelOf({ maximum: '5' }, { name: 'level' }))).toBe('visitors')
    expect(reach({}, modelOf({ type: 'FLOAT' }, { name: 'level' }))).toBe('visitors')
  })
})

test('no custom resource makes the resolver throw or change its input', () => {
  const raw = fc.dictionary(
    fc.oneof(
      fc.constantFrom('address', 'scale', 'map', 'offset', 'limit', 'toString'),
      fc.string(),
    ),
    fc.oneof(fc.jsonValue(), fc.double(), fc.bigInt()),
  ) as fc.Arbitrary<RawConfig>
  const property = fc.record({
    name: fc.oneof(fc.constantFrom('temperature', '__proto__', 'constructor'), fc.string()),
    desired: fc.string(),
    visitor: raw,
    collectCycle: fc.double(),
    reportCycle: fc.double(),
    reportToCloud: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(property), raw, (properties, protocol) => {
      const device = deviceOf(properties, { protocol: { host: 'h', ...protocol } })
      const before = structuredClone(device)
      const { device: resolved, issues } = resolve(device, model)
      expect(device).toEqual(before)
      const errors = issues.filter(({ severity }) => severity === 'error')
      if (resolved === undefined) expect(errors.length).toBeGreaterThan(0)
      else expect(sameSpec(resolved, resolve(device, model).device as ResolvedDevice)).toBe('equal')
    }),
    { numRuns: 300 },
  )
})
