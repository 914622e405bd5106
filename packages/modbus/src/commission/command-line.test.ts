import { createDriverConfig, type RawConfig } from '@mapper-sdk/core'
import { describe, expect, it } from 'vitest'
import { modbusDriver } from '../driver.ts'
import { commandLine } from './command-line.ts'

const config = createDriverConfig(modbusDriver)
const checked = (raw: RawConfig) => {
  const issues: Parameters<typeof config.protocol>[1] = []
  const protocol = config.protocol(raw, issues)?.protocol
  expect(issues).toEqual([])
  if (protocol === undefined) throw new Error('no protocol')
  return protocol
}
const place = (raw: RawConfig) => {
  const issues: Parameters<typeof config.visitor>[3] = []
  const found = config.visitor(raw, undefined, [], issues)
  expect(issues).toEqual([])
  if (found === undefined) throw new Error('no visitor')
  return found.visitor
}

describe('devices', () => {
  it.each([
    ['192.0.2.7', { transport: 'tcp', host: '192.0.2.7', port: 502 }],
    ['192.0.2.7:1502', { transport: 'tcp', host: '192.0.2.7', port: 1502 }],
    ['plc.example:1502', { host: 'plc.example', port: 1502 }],
    ['[::1]:1502', { host: '::1', port: 1502 }],
    ['tcp://192.0.2.7:1502?unit=3&timeoutMs=200', { port: 1502, unit: 3, timeoutMs: 200 }],
    ['TCP://192.0.2.7/', { transport: 'tcp', host: '192.0.2.7' }],
    ['tcp://[::1]:502', { host: '::1' }],
    ['/dev/ttyUSB0', { transport: 'rtu', path: '/dev/ttyUSB0', baudRate: 9600 }],
    [
      'rtu:///dev/ttyUSB0?baudRate=19200&parity=even&unit=3',
      { transport: 'rtu', path: '/dev/ttyUSB0', baudRate: 19_200, parity: 'even', unit: 3 },
    ],
  ])('%s', (text, expected) => {
    expect(checked(commandLine.protocol(text))).toMatchObject(expected)
  })

  it.each([
    ['', 'names no host and no serial port'],
    ['tcp://?unit=3', 'names no host and no serial port'],
    ['192.0.2.7?unit', 'has "unit" where key=value belongs'],
  ])('refuses %j', (text, message) => {
    expect(() => commandLine.protocol(text)).toThrow(message)
  })
})

describe('places', () => {
  const protocol = checked({ host: 'h' })

  it('says how a value for it is written', () => {
    const typeOf = (raw: RawConfig) => commandLine.valueType?.(place(raw), protocol)
    expect(typeOf({ address: 1 })).toBeUndefined()
    expect(typeOf({ table: 'coil', address: 1 })).toBe('BOOLEAN')
    const types = ['bool', 'int16', 'uint64', 'float32', 'float64', 'string', 'bytes']
    const all = types.map((type) => typeOf({ address: 1, type, length: type.length < 7 ? 1 : 2 }))
    expect(all).toEqual(['BOOLEAN', 'INT', 'INT', 'DOUBLE', 'DOUBLE', 'STRING', 'BYTES'])
  })

  it('gives the same registers as bytes, in the order of the wire', () => {
    const visitor = place({ address: 7, type: 'float32', byteOrder: 'little', wordOrder: 'little' })
    expect(commandLine.raw?.(visitor, protocol)).toEqual({
      ...{ table: 'holding', address: 7, type: 'bytes', length: 2 },
      ...{ byteOrder: 'big', wordOrder: 'big' },
    })
    const bit = place({ address: 7, type: 'bool', bit: 3 })
    expect(commandLine.raw?.(bit, protocol)).toMatchObject({ type: 'bytes', length: 1 })
    expect(commandLine.raw?.(place({ table: 'coil', address: 7 }), protocol)).toBeUndefined()
  })
})
