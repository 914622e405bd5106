import { createResolver, formatPath, type PropertyType, type RawConfig } from '@mapper-sdk/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addressRule } from '../config/address.ts'
import { modbusDriver } from '../driver.ts'
import { protocol, visitorOf } from './codec.suite.ts'
import { checkVisitor, compileVisitor } from './compile.ts'

const resolve = createResolver(modbusDriver)

/** What core says about a device with this visitor, and with a second one that is right. */
function resolved(visitor: RawConfig, type: PropertyType = 'INT', more: RawConfig = {}) {
  const property = (name: string, visitor: RawConfig) => ({
    ...{ name, visitor, desired: '', collectCycle: 0, reportCycle: 0, reportToCloud: true },
  })
  const { device, issues } = resolve(
    {
      ...{ namespace: 'default', name: 'd', model: 'm', protocolName: 'modbus', methods: [] },
      protocol: { host: 'h', ...more },
      properties: [property('p', visitor), property('other', { address: 1 })],
      stateReport: { toCloud: false, cycleMs: 0 },
    },
    {
      ...{ namespace: 'default', name: 'm' },
      properties: ['p', 'other'].map((name) => ({
        name,
        type: name === 'p' ? type : ('INT' as const),
        accessMode: 'ReadWrite',
      })),
    },
  )
  const prefix = 'spec.properties[0].visitors.configData.'
  return {
    names: device?.properties.map(({ name }) => name),
    visitor: device?.properties.find(({ name }) => name === 'p')?.visitor,
    issues: issues.map(({ path, message }) => `${formatPath(path).replace(prefix, '')} ${message}`),
  }
}

describe('fields that do not fit together are an issue of their property alone', () => {
  it.each<[RawConfig, PropertyType, string]>([
    [
      { address: 65_535, type: 'uint32' },
      'INT',
      'address is 65535, from where 2 registers reach beyond the last, 65535',
    ],
    [
      { address: 65_534, type: 'int8', scaleFactorAddress: 65_534 },
      'INT',
      'scaleFactorAddress is 65534, where the value itself is',
    ],
    [
      { address: 0, type: 'int32', length: 3 },
      'INT',
      'length is 3, but an int32 takes 2; leave it out or choose another type',
    ],
    [{ address: 0, type: 'int32', limit: 3 }, 'INT', 'limit is 3, but an int32 takes 2'],
    [
      { register: 'CoilRegister', address: 0, limit: 2 },
      'BOOLEAN',
      'limit is 2, but a bool takes 1',
    ],
    [
      { table: 'coil', address: 0, type: 'float32' },
      'FLOAT',
      'type is float32, but a coil is one bit',
    ],
    [{ table: 'coil', address: 0, type: 'bcd16' }, 'INT', 'type is bcd16, but a coil is one bit'],
    [
      { table: 'coil', address: 0, bit: 1 },
      'BOOLEAN',
      'bit is not for a coil, which is one bit; leave it out',
    ],
    [{ table: 'discrete', address: 0, noValue: 1 }, 'BOOLEAN', 'noValue is not for a discrete'],
    [
      { address: 0, type: 'uint16', bit: 1 },
      'INT',
      'bit is not for a uint16, but for bool; change one of them',
    ],
    [{ address: 0, bits: '0-3' }, 'BOOLEAN', 'bits is not for a bool, but for int16, uint16'],
    [{ address: 0, type: 'int8', bits: '0-3' }, 'INT', 'bits is not for an int8'],
    [{ address: 0, type: 'float32', mask: 1 }, 'FLOAT', 'mask is not for a float32'],
    [
      { address: 0, byte: 'low' },
      'INT',
      'byte is not for a uint16, but for int8, uint8, bcd8, string',
    ],
    [{ address: 0, fractionBits: 4 }, 'FLOAT', 'fractionBits is not for a float32'],
    [
      { address: 0, scaleFactorAddress: 4 },
      'FLOAT',
      'scaleFactorAddress is not for a float32, but for int8',
    ],
    [{ address: 0, encoding: 'ascii' }, 'INT', 'encoding is not for a uint16'],
    [{ address: 0, length: 2, noValue: 0 }, 'BYTES', 'noValue is not for a bytes'],
    [{ address: 0, length: 2, noValue: 0 }, 'STRING', 'noValue of a string can only be sunspec'],
    [
      { address: 0, type: 'int16', bitNames: '0=a' },
      'STRING',
      'bitNames is not for an int16, but for uint8, uint16, uint32, uint64',
    ],
    [
      { address: 0, bitNames: '0=a' },
      'INT',
      'bitNames makes texts, but the property is INT in its model; make it STRING there',
    ],
    [
      { address: 0, bits: '0-3', mask: 1 },
      'INT',
      'bits cannot stand beside mask; leave out one of them',
    ],
    [{ address: 0, bits: '0-3', shift: 1 }, 'INT', 'bits cannot stand beside shift'],
    [
      { address: 0, fractionBits: 1, scaleFactorAddress: 1 },
      'INT',
      'fractionBits cannot stand beside scaleFactorAddress',
    ],
    [
      { address: 0, fractionBits: 1, bitNames: '0=a' },
      'STRING',
      'bitNames cannot stand beside fractionBits',
    ],
    [
      { address: 0, scaleFactorAddress: 1, bitNames: '0=a' },
      'STRING',
      'bitNames cannot stand beside scaleFactorAddress',
    ],
    [
      { address: 0, bits: '4-16' },
      'INT',
      'bits is "4-16", but must be lowest-highest of the bits 0 to 15, such as 4-7',
    ],
    [{ address: 0, bits: '7-4' }, 'INT', 'bits is "7-4"'],
    [{ address: 0, bits: 16 }, 'INT', 'bits is "16"'],
    [{ address: 0, bits: '4..7' }, 'INT', 'bits is "4..7"'],
    [
      { address: 0, mask: '0x10000' },
      'INT',
      'mask is "0x10000", but must be from 1 to 0xFFFF, as a number or a text such as "0x0FF0"',
    ],
    [{ address: 0, mask: '0' }, 'INT', 'mask is "0"'],
    [{ address: 0, mask: 'ff' }, 'INT', 'mask is "ff"'],
    [
      { address: 0, type: 'uint32', mask: 4_294_967_295 },
      'INT',
      'mask is 4294967295, but must be at most 16777216',
    ],
    [
      { address: 0, mask: '0x0ff0', shift: 5 },
      'INT',
      'shift is 5, which would lose lower bits of the mask; change one of them',
    ],
    [{ address: 0, shift: 16 }, 'INT', 'shift is 16, but there are only 16 bits'],
    [
      { address: 0, noValue: 65_536 },
      'INT',
      'noValue has "65536", which no uint16 can be; write sunspec, or numbers that it can be, with commas between and hexadecimal ones in quotes',
    ],
    [
      { address: 0, type: 'int16', noValue: 65_535 },
      'INT',
      'noValue has "65535", which no int16 can be',
    ],
    [{ address: 0, type: 'int16', noValue: '0x8000,' }, 'INT', 'noValue has ""'],
    [{ address: 0, noValue: '1e3' }, 'INT', 'noValue has "1e3"'],
    [{ address: 0, noValue: 'nan' }, 'INT', 'noValue has "nan"'],
    [
      { address: 0, type: 'uint8', noValue: '0x100' },
      'INT',
      'noValue has "0x100", which no uint8 can be',
    ],
    [
      { address: 0, type: 'uint8', noValue: 'sunspec' },
      'INT',
      'noValue is sunspec, which knows no uint8; write the numbers',
    ],
    [
      { address: 0, type: 'bcd16', noValue: '10000' },
      'INT',
      'noValue has "10000", which no bcd16 can be',
    ],
    [
      { address: 0, noValue: '1e39' },
      'FLOAT',
      'noValue has "1e39", which no float32 can be; write nan, sunspec',
    ],
    [{ address: 0, bitNames: '0=a,0=b' }, 'STRING', 'bitNames names bit 0 twice'],
    [{ address: 0, bitNames: '0=a,1=a' }, 'STRING', 'bitNames has the name "a" twice'],
    [
      { address: 0, bitNames: '16=a' },
      'STRING',
      'bitNames names bit 16, but there are only the bits 0 to 15',
    ],
    [
      { address: 0, bitNames: '4=a', bits: '4-7' },
      'STRING',
      'bitNames names bit 4, but there are only the bits 0 to 3',
    ],
    [
      { address: 0, bitNames: '0=none' },
      'STRING',
      'bitNames has the name "none", which has a meaning of its own',
    ],
    [
      { address: 0, bitNames: '0=bit1' },
      'STRING',
      'bitNames has the name "bit1", which has a meaning of its own',
    ],
    [{ address: 0, bitNames: 'a=0' }, 'STRING', 'bitNames has "a=0" where "bit=name" belongs'],
    [{ address: 0, bitNames: '0=a,' }, 'STRING', 'bitNames has "" where "bit=name" belongs'],
    [
      { address: '49999', table: 'input' },
      'INT',
      `address "49999" can be the reference 49999 (holding 9998) or the address 49999, and the table is input; write holding:9998 or input:49999 (${addressRule})`,
    ],
    [
      { address: '0x10' },
      'INT',
      `address "0x10" can be the reference of coil 9 or the address 16 in hexadecimal; write coil:9 or holding:0x10 (${addressRule})`,
    ],
    [
      { address: '40001.3', bit: 4 },
      'BOOLEAN',
      'address names bit 3, and bit is 4; leave out one of them',
    ],
    [{ address: '40000' }, 'INT', 'address "40000" is no reference'],
    [{ address: 'x' }, 'INT', 'address "x" is no address'],
    [{ offset: 'x' }, 'INT', 'offset "x" is no address'],
    [{ address: 40_001.3 }, 'INT', 'address is 40001.3, but must be a whole number or a text'],
    [
      { address: 0, scaleFactorAddress: '30005' },
      'INT',
      'scaleFactorAddress "30005" can be the reference 30005 (input 4) or the address 30005, and the table is holding',
    ],
    [
      { address: '30001', scaleFactorAddress: 'HR5' },
      'INT',
      'scaleFactorAddress "HR5" is in the table holding, but the table is input',
    ],
    [
      { address: 0, scaleFactorAddress: 'HR5.1' },
      'INT',
      'scaleFactorAddress names bit 1, but a scale factor is a whole register',
    ],
    [
      { address: 0, scaleFactorAddress: 125 },
      'INT',
      'scaleFactorAddress makes it 126 registers to read at once, but the device answers 125 in a request (maxRegistersPerRequest)',
    ],
  ])('%j of %s: %s', (visitor, type, sentence) => {
    const { names, issues } = resolved(visitor, type)
    expect(names).toEqual(['other'])
    expect(issues).toHaveLength(1)
    expect(issues[0]).toContain(sentence)
  })

  it('counts the limits of the protocol', () => {
    const few = { maxRegistersPerRequest: 2 }
    const of = (visitor: RawConfig, type: PropertyType) => resolved(visitor, type, few).issues
    expect(of({ address: 0, type: 'uint64' }, 'INT')).toEqual([
      'type makes it 4 registers to read at once, but the device answers 2 in a request (maxRegistersPerRequest)',
    ])
    expect(of({ address: 0, length: 3 }, 'STRING')).toEqual([
      expect.stringMatching(/^length makes it 3 registers/),
    ])
    expect(of({ address: 0, scaleFactorAddress: 2 }, 'INT')).toEqual([
      expect.stringMatching(/^scaleFactorAddress makes it 3 registers/),
    ])
    expect(of({ address: 0, length: 2 }, 'STRING')).toEqual([])
  })
})

describe('what custom resources say becomes what is meant', () => {
  it.each<[RawConfig, PropertyType, object]>([
    [{ address: '40001' }, 'INT', { table: 'holding', address: 0 }],
    [{ address: 40_001 }, 'INT', { table: 'holding', address: 40_001 }],
    [{ offset: '40001' }, 'INT', { table: 'holding', address: 40_001 }],
    [{ register: 'InputRegister', address: 40_001 }, 'INT', { table: 'input', address: 40_001 }],
    [{ register: 'HoldingRegister', address: '40001' }, 'INT', { table: 'holding', address: 0 }],
    [{ address: '00001' }, 'BOOLEAN', { table: 'coil', address: 0, type: 'bool' }],
    [{ address: 'DI3' }, 'INT', { table: 'discrete', address: 3, type: 'uint16' }],
    [{ table: 'input', address: '0x10' }, 'INT', { table: 'input', address: 16 }],
    [{ address: '40001.3' }, 'INT', { table: 'holding', address: 0, bit: 3, type: 'bool' }],
    [{ address: 'HR1.3', bit: '3' }, 'BOOLEAN', { address: 1, bit: 3 }],
    [{ address: 'HR1', bit: '3' }, 'BOOLEAN', { address: 1, bit: 3 }],
    [{ address: '7' }, 'INT', { address: 7 }],
    [{ address: '40001', scaleFactorAddress: '40005' }, 'INT', { scaleFactorAddress: 4 }],
    [
      { address: '30001', scaleFactorAddress: '6' },
      'INT',
      { table: 'input', scaleFactorAddress: 6 },
    ],
    [{ address: 1, type: 'UINT8', BYTE: 'High' }, 'INT', { type: 'uint8', byte: 'high' }],
    [{ address: 1, bits: 4 }, 'INT', { bits: '4' }],
    [
      { address: 1, length: 4, encoding: 'ISO-8859-1', padding: 'SPACE', trim: 'Both' },
      'STRING',
      { encoding: 'latin1', padding: 'space', trim: 'both' },
    ],
    [{ address: 1, bitNames: '0=a' }, 'STRING', { type: 'uint16' }],
  ])('%j of %s', (raw, type, ours) => {
    const { issues, visitor } = resolved(raw, type)
    expect(issues).toEqual([])
    expect(visitor).toMatchObject(ours)
  })
})

it('compiling either throws invalid_config with a field in front, or the check has nothing to say', () => {
  const text = fc.oneof(
    fc.constantFrom('40001', '0x10', 'holding:3.2', '4-7', '0=a', 'sunspec', '-1', '0xffff'),
    fc.string({ maxLength: 6 }),
  )
  const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 })
  const fields = fc.record({
    table: fc.constantFrom('coil', 'input', 'holding'),
    type: maybe(fc.constantFrom('bool', 'uint8', 'int16', 'uint32', 'float32', 'bcd16', 'string')),
    address: fc.oneof(fc.nat(65_535), text),
    length: maybe(fc.integer({ min: 1, max: 125 })),
    bit: maybe(fc.nat(15)),
    bits: maybe(text),
    mask: maybe(text),
    shift: maybe(fc.integer({ min: 1, max: 63 })),
    scaleFactorAddress: maybe(fc.oneof(fc.nat(300), text)),
    noValue: maybe(text),
    bitNames: maybe(text),
  })
  fc.assert(
    fc.property(fields, (some) => {
      const given = Object.entries(some).filter(([, value]) => value !== undefined)
      const visitor = visitorOf(Object.fromEntries(given))
      const conflict = checkVisitor(protocol, visitor)
      if (conflict === undefined) {
        const { address, count } = compileVisitor(visitor, protocol)
        expect(address + count).toBeLessThanOrEqual(65_536)
        return
      }
      expect(Object.keys(some)).toContain(conflict.field)
      expect(() => compileVisitor(visitor, protocol)).toThrow(
        `[invalid_config] ${conflict.field} ${conflict.message}`,
      )
    }),
    { numRuns: 2000 },
  )
})
