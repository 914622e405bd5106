import { readFileSync } from 'node:fs'
import {
  createChecker,
  type ModelProperty,
  type PropertyType,
  type RawConfig,
} from '@mapper-sdk/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { protocolSchema } from './protocol.ts'
import { visitorSchema } from './visitor.ts'
import { normalize } from './dialects.ts'

const property = (type: PropertyType): ModelProperty => ({
  name: 'p',
  type,
  accessMode: 'ReadWrite',
})
const visitor = (raw: RawConfig, type: PropertyType = 'INT') =>
  normalize(raw, 'visitor', property(type))
const protocol = (raw: RawConfig) => normalize(raw, 'protocol')

const checks = { protocol: createChecker(protocolSchema), visitor: createChecker(visitorSchema) }
/** What is wrong with a configuration, field by field; nothing if all is well. */
const problems = (what: 'protocol' | 'visitor', raw: RawConfig, type: PropertyType = 'INT') =>
  checks[what]
    .check(normalize(raw, what, property(type)), [])
    .issues.filter(({ severity }) => severity === 'error')
    .map(({ path, message }) => `/${path.join('/')} ${message}`)

describe('protocols', () => {
  it.each<[string, RawConfig, RawConfig]>([
    [
      'v1alpha2 over RTU',
      {
        modbus: { slaveID: 3 },
        common: {
          com: {
            serialPort: '/dev/ttyS0',
            baudRate: 19200,
            dataBits: 8,
            stopBits: 1,
            parity: 'even',
          },
          customizedValues: { serialType: 'RS485' },
        },
      },
      {
        transport: 'rtu',
        path: '/dev/ttyS0',
        baudRate: 19200,
        dataBits: 8,
        stopBits: 1,
        parity: 'even',
        rs485: true,
        unit: 3,
      },
    ],
    [
      'writeMultiple, the older word for a write function',
      { ip: 'plc', writeMultiple: 'True' },
      { transport: 'tcp', host: 'plc', writeFunction: 'multiple' },
    ],
    [
      'writeMultiple without an effect',
      { ip: 'plc', writeMultiple: false },
      { transport: 'tcp', host: 'plc', writeFunction: 'auto' },
    ],
    [
      'writeMultiple beside the word in its place',
      { ip: 'plc', writeMultiple: true, writeFunction: 'Read-Write', WRITEBITS: 'Mask' },
      { transport: 'tcp', host: 'plc', writeFunction: 'read-write', writeBits: 'mask' },
    ],
    [
      'v1alpha2 over TCP',
      { modbus: { slaveID: 1 }, common: { tcp: { ip: '192.0.2.7', port: 1502 } } },
      { transport: 'tcp', host: '192.0.2.7', port: 1502, unit: 1 },
    ],
    [
      'mappers-go for KubeEdge 1.15',
      { slaveID: 5, serialPort: '/dev/ttyUSB0', baudRate: 9600, parity: 'N', timeout: 2e9 },
      {
        transport: 'rtu',
        path: '/dev/ttyUSB0',
        baudRate: 9600,
        parity: 'none',
        unit: 5,
        timeoutMs: 2000,
      },
    ],
    [
      'the temperature sensor example over TCP',
      { communicateMode: 'TCP', slaveID: 1, ip: '127.0.0.1', port: '1502', timeout: 5000 },
      { transport: 'tcp', host: '127.0.0.1', port: '1502', unit: 1, timeoutMs: 5000 },
    ],
    [
      'the temperature sensor example over RTU',
      {
        communicateMode: 'RTU',
        slaveID: 1,
        serialName: '/dev/ttyUSB0',
        baudRate: 9600,
        parity: 'Even',
        rs485Enabled: true,
        ip: '',
      },
      {
        transport: 'rtu',
        path: '/dev/ttyUSB0',
        baudRate: 9600,
        parity: 'even',
        rs485: true,
        unit: 1,
      },
    ],
    [
      'the website',
      { ip: '127.0.0.1', port: 502 },
      { transport: 'tcp', host: '127.0.0.1', port: 502 },
    ],
    [
      'one address',
      { address: 'plc.example:11502', slaveId: 2 },
      { transport: 'tcp', host: 'plc.example', port: '11502', unit: 2 },
    ],
    ['a bare address', { address: '192.0.2.1' }, { transport: 'tcp', host: '192.0.2.1' }],
    [
      'an IPv6 address',
      { address: 'tcp://[::1]:502' },
      { transport: 'tcp', host: '::1', port: '502' },
    ],
    ['a bare IPv6 address', { address: 'fe80::1' }, { transport: 'tcp', host: 'fe80::1' }],
    [
      'an address beside a port',
      { address: 'a:1', port: 2 },
      { transport: 'tcp', host: 'a', port: 2 },
    ],
    [
      'our own words',
      { host: 'a', unit: 7, maxGap: 0 },
      { transport: 'tcp', host: 'a', unit: 7, maxGap: 0 },
    ],
    [
      'our own words first',
      { unitId: 9, unit: 7, host: 'a' },
      { transport: 'tcp', host: 'a', unit: 7 },
    ],
    [
      'any case',
      { IP: 'a', Port: 5, SLAVEID: 1 },
      { transport: 'tcp', host: 'a', port: 5, unit: 1 },
    ],
    ['no timeout', { ip: 'a', timeout: 0 }, { transport: 'tcp', host: 'a' }],
    [
      'a timeout as text',
      { ip: 'a', timeout: '3000000000' },
      { transport: 'tcp', host: 'a', timeoutMs: 3000 },
    ],
    ['unknown words', { ip: 'a', hsot: 'b' }, { transport: 'tcp', host: 'a', hsot: 'b' }],
  ])('%s', (_, raw, ours) => {
    const before = structuredClone(raw)
    expect(protocol(raw)).toEqual(ours)
    expect(problems('protocol', raw)).toEqual([])
    expect(raw).toEqual(before)
    expect(protocol(ours)).toEqual(ours)
  })
})

describe('visitors', () => {
  it.each<[string, RawConfig, PropertyType, RawConfig]>([
    [
      'a scaled register',
      { register: 'HoldingRegister', offset: 2, limit: 1, scale: 0.1 },
      'FLOAT',
      { table: 'holding', address: 2, type: 'uint16', scale: 0.1 },
    ],
    [
      'an int of two registers',
      { register: 'InputRegister', offset: 4, limit: 2, scale: 1, isRegisterSwap: true },
      'INT',
      { table: 'input', address: 4, type: 'uint32', scale: 1, wordOrder: 'little' },
    ],
    [
      'no scale',
      { register: 'holdingregister', offset: 4, limit: 4, scale: 0, isSwap: true },
      'INT',
      { table: 'holding', address: 4, type: 'uint64', byteOrder: 'little' },
    ],
    [
      'a coil',
      { register: 'CoilRegister', offset: 1, limit: 1, isSwap: false, isRegisterSwap: false },
      'BOOLEAN',
      {
        table: 'coil',
        address: 1,
        type: 'bool',
        length: 1,
        byteOrder: 'big',
        wordOrder: 'big',
      },
    ],
    [
      'a coil as a number',
      { register: 'CoilRegister', offset: 0, limit: 1 },
      'INT',
      { table: 'coil', address: 0, type: 'uint16', length: 1 },
    ],
    [
      'the discrete inputs',
      { register: 'DiscreteInputRegister', offset: '7' },
      'BOOLEAN',
      { table: 'discrete', address: 7, type: 'bool' },
    ],
    [
      'dataType before the model',
      { register: 'HoldingRegister', offset: 0, limit: 2, dataType: 'float' },
      'INT',
      { table: 'holding', address: 0, type: 'float32' },
    ],
    [
      'a double',
      { register: 'HoldingRegister', offset: 0, limit: 4 },
      'DOUBLE',
      { table: 'holding', address: 0, type: 'float64' },
    ],
    ['a short double', { offset: 0, limit: 2 }, 'DOUBLE', { address: 0, type: 'float32' }],
    ['a scaled double', { offset: 0, limit: 1 }, 'DOUBLE', { address: 0, type: 'uint16' }],
    [
      'what the example mapper ignores',
      { dataType: 'int', offset: 0, limit: 1, max: 100, min: 0, value: null },
      'INT',
      { address: 0, type: 'uint16' },
    ],
    [
      'limits as texts',
      { register: 'holding', offset: '3', limit: '2', dataType: 'INT' },
      'INT',
      { table: 'holding', address: 3, type: 'uint32' },
    ],
    [
      'an address beside an offset: the offset is the value option',
      { table: 'holding', address: 3, offset: -40, type: 'int16' },
      'INT',
      { table: 'holding', address: 3, offset: -40, type: 'int16' },
    ],
    [
      'letters',
      { address: 0, type: 'int32', byteOrder: 'cdab' },
      'INT',
      {
        address: 0,
        type: 'int32',
        byteOrder: 'big',
        wordOrder: 'little',
      },
    ],
    ['a text', { offset: 9, limit: 4 }, 'STRING', { address: 9, type: 'string', length: 4 }],
    ['a bit', { address: 9, bit: 3 }, 'BOOLEAN', { address: 9, bit: 3, type: 'bool' }],
  ])('%s', (_, raw, type, ours) => {
    const before = structuredClone(raw)
    expect(visitor(raw, type)).toEqual(ours)
    expect(problems('visitor', raw, type)).toEqual([])
    expect(raw).toEqual(before)
    expect(visitor(ours, type)).toEqual(ours)
  })

  it('understands what a real EdgeCore delivered', () => {
    const file = new URL('../../../../test/fixtures/edgecore-1.23/device.yaml', import.meta.url)
    // One visitor a line, in flow style.
    const raw = [
      ...readFileSync(file, 'utf8').matchAll(/protocolName: modbus, configData: \{(.*)\}\}/g),
    ].map(([, flow = '']) =>
      Object.fromEntries(
        flow.split(', ').map((pair) => {
          const [key = '', text = ''] = pair.split(': ')
          return [key, Number.isNaN(Number(text)) ? text : Number(text)]
        }),
      ),
    )
    const types = ['FLOAT', 'INT', 'DOUBLE', 'BOOLEAN', 'STRING', 'BYTES'] as const
    expect(raw).toHaveLength(types.length)
    expect(raw.map((one, index) => visitor(one, types[index]))).toEqual([
      { address: 10, scale: 0.1, type: 'float32' },
      { table: 'holding', address: 20, type: 'uint16' },
      { table: 'input', address: 30, type: 'float64' },
      { table: 'coil', address: 1, length: 1, type: 'bool' },
      { table: 'holding', address: 40, length: 8, type: 'string' },
      { table: 'holding', address: 50, length: 8, type: 'bytes' },
    ])
  })
})

describe('the schemas', () => {
  it.each<[RawConfig, string]>([
    [{}, '/host is missing'],
    [{ communicateMode: 'RTU', ip: 'a' }, '/path is missing'],
    [{ communicateMode: 'DNP3', ip: 'a' }, '/transport'],
    [{ ip: 'a', port: 70_000 }, '/port'],
    [{ ip: 'a', port: 'http' }, '/port'],
    [{ ip: 'a', slaveID: 256 }, '/unit'],
    [{ serialPort: '/dev/ttyS0', slaveID: 0 }, '/unit'],
    [{ serialPort: '/dev/ttyS0', slaveID: 248 }, '/unit'],
    [{ serialPort: '/dev/ttyS0', parity: 'mark' }, '/parity'],
    [{ serialPort: '/dev/ttyS0', dataBits: 9 }, '/dataBits'],
    [{ ip: 'a', timeout: -1 }, '/timeoutMs'],
    [{ ip: 'a', maxRegistersPerRequest: 126 }, '/maxRegistersPerRequest'],
  ])('protocol %o: %s', (raw, problem) => {
    expect(problems('protocol', raw).join('\n')).toContain(problem)
  })

  it.each<[RawConfig, PropertyType, string]>([
    [{ register: 'HoldingRegister' }, 'INT', '/address is missing'],
    [{ register: 'Holdings', offset: 1 }, 'INT', '/table'],
    [{ register: 'constructor', offset: 1 }, 'INT', '/table'],
    [{ offset: 65_536 }, 'INT', '/address'],
    [{ offset: -1 }, 'INT', '/address'],
    [{ offset: 1.5 }, 'INT', '/address'],
    [{ offset: 1, dataType: 'int7' }, 'INT', '/type'],
    [{ offset: 1, dataType: 'constructor' }, 'INT', '/type'],
    [{ offset: 1, limit: 126 }, 'STRING', '/length'],
    [{ offset: 1, limit: 0 }, 'STRING', '/length'],
    [{ offset: 1 }, 'BYTES', '/length is missing'],
    [{ offset: 1, isSwap: 'maybe' }, 'INT', '/byteOrder'],
    [{ offset: 1, bit: 16 }, 'BOOLEAN', '/bit'],
  ])('visitor %o of %s: %s', (raw, type, problem) => {
    expect(problems('visitor', raw, type).join('\n')).toContain(problem)
  })

  it('take numbers as texts and fill in what was left out', () => {
    const { value } = checks.protocol.check(protocol({ ip: 'a', port: '1502', slaveID: '3' }), [])
    expect(value).toMatchObject({ port: 1502, unit: 3, timeoutMs: 1000, parity: 'none' })
  })
})

it('takes a property of texts that are mapped from numbers for a number in the device', () => {
  const map = '0=off,1=on'
  expect(normalize({ address: 3, map }, 'visitor', property('STRING'))).toMatchObject({
    type: 'uint16',
    map,
  })
})

it('takes any JSON without a throw and without a trace on prototypes', () => {
  const key = fc.oneof(
    fc.constantFrom('address', 'offset', 'limit', 'register', 'dataType', 'isSwap', '__proto__'),
    fc.constantFrom('modbus', 'common', 'com', 'timeout', 'parity', 'serialType', 'constructor'),
    fc.string(),
  )
  const raw = fc.dictionary(key, fc.jsonValue() as fc.Arbitrary<string>)
  fc.assert(
    fc.property(raw, fc.constantFrom('protocol', 'visitor'), (config, what) => {
      const before = JSON.stringify(config)
      normalize(config, what, property('FLOAT'))
      expect(JSON.stringify(config)).toBe(before)
      expect(Object.keys(Object.prototype)).toEqual([])
    }),
  )
})
