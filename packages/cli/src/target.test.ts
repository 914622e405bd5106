import { MapperError, type Driver } from '@mapper-sdk/core'
import { commandLine, modbusDriver } from '@mapper-sdk/modbus'
import { describe, expect, test } from 'vitest'
import { createTarget } from './target.ts'

const modbus = { driver: modbusDriver, commandLine }
const text = { type: 'string', minLength: 1 }
const coffee: Driver = {
  protocolName: 'coffee',
  protocolSchema: { type: 'object', properties: { url: text }, required: ['url'] },
  visitorSchema: { type: 'object', properties: { key: text }, required: ['key'] },
  connectionKey: () => '',
  connect: () => Promise.reject(new Error('not in this test')),
}

describe('with a short form', () => {
  test('device and places are checked, with all defaults', () => {
    const target = createTarget(modbus, {
      where: '192.0.2.7:1502,unit=3',
      set: ['timeoutMs=200'],
      places: ['10', 'coil:7', '40005,type=int16,scale=0.1,offset=-40'],
    })
    expect(target.protocol).toMatchObject({
      ...{ transport: 'tcp', host: '192.0.2.7', port: 1502, unit: 3, timeoutMs: 200 },
    })
    const [plain, coil, scaled] = target.items
    expect(plain).toMatchObject({ label: '10', visitor: { table: 'holding', address: 10 } })
    expect(plain?.visitor).not.toHaveProperty('type')
    expect(coil).toMatchObject({ visitor: { table: 'coil', address: 7 } })
    expect(scaled).toMatchObject({
      visitor: { address: 4, type: 'int16' },
      options: { scale: 0.1, offset: -40 },
    })
  })

  test('a map has commas of its own', () => {
    const { items } = createTarget(modbus, { where: 'h', places: ['5,type=uint16,map=0=off,1=on'] })
    expect([...(items[0]?.options.map ?? [])]).toEqual([
      ['0', 'off'],
      ['1', 'on'],
    ])
  })

  test('all that is wrong is told at once, also words that nobody knows', () => {
    const detail = (where: string, ...places: string[]) => {
      try {
        createTarget(modbus, { where, places })
      } catch (thrown) {
        return thrown instanceof MapperError && thrown.code === 'invalid_config' && thrown.detail
      }
      return undefined
    }
    expect(detail('h:99999,untt=3', '10,type=float33', '12')).toMatch(
      /^h:99999,untt=3: untt .*did you mean unit\?\nh:99999,untt=3: port .*\n10,type=float33: type .*float32.*$/,
    )
    expect(detail('h', '70000', 'holdng:1', '11,sclae=2', '5,type=int32,length=3')).toMatch(
      /^70000: address .*\nholdng:1: address .*\n11,sclae=2: sclae .*did you mean scale\?\n5,type=int32,length=3: length .*$/,
    )
  })

  test('--set is checked', () => {
    expect(() => createTarget(modbus, { where: 'h', set: ['unit'], places: [] })).toThrow(
      '--set unit: write it as key=value',
    )
  })
})

describe('without a short form', () => {
  test('pairs do', () => {
    const { protocol, items } = createTarget(
      { driver: coffee },
      { where: 'url=http://192.0.2.7', places: ['key=temperature'] },
    )
    expect([protocol, items[0]?.visitor]).toEqual([
      { url: 'http://192.0.2.7' },
      { key: 'temperature' },
    ])
  })

  test('anything else is refused with what there is', () => {
    expect(() =>
      createTarget({ driver: coffee }, { where: '192.0.2.7', places: ['temp'] }),
    ).toThrow(
      'the driver coffee has no short form for it; write key=value,… (it knows url)\n"temp"',
    )
  })
})
