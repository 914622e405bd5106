import { describe, expect, it } from 'vitest'
import { BankFileError, parseBank } from './bank-file.ts'
import { createCourse } from './vary.ts'

const faultsOf = (text: string) => {
  try {
    parseBank(text, 'bank.yaml')
    return 'none'
  } catch (thrown) {
    return thrown instanceof BankFileError ? thrown.message : `foreign: ${String(thrown)}`
  }
}

describe('a bank file', () => {
  const { bank, variations } = parseBank(
    `
units:
  1:
    coil: { 0: true, 5: [true, false, 1] }
    holding:
      0: 42
      1: [-1, 0xffff]
      10: { float32: 61.5 }
      20: [{ int32: -2 }, 7, { uint64: 18446744073709551615 }]
      30: { text: abc }
    holes:
      holding: [[100, 199]]
    readOnly:
      holding: [[0, 9], [40, 40]]
      coil: [[3, 3]]
    functions: [3, 6, 43]
    identity: { vendor: ACME, product: 17, url: http://192.0.2.1, 0x80: more, serverId: 42 }
  3:
    identity: { serverId: 'Pump 7', running: false }
vary:
  - { unit: 1, table: holding, address: 40, shape: sine, min: 10, max: 20 }
  - { address: 50, type: float32, shape: walk, min: -1.5, max: 1.5, seed: 9, everyMs: 100 }
`,
    'bank.yaml',
  )
  const words = (address: number, count: number) => [...bank.view('holding', address, count)]
  it('holds what it says', () => {
    expect(words(0, 3)).toEqual([42, 0xffff, 0xffff])
    expect(words(10, 2)).toEqual([0x4276, 0])
    expect(words(20, 7)).toEqual([0xffff, 0xfffe, 7, 0xffff, 0xffff, 0xffff, 0xffff])
    expect(words(30, 2)).toEqual([0x6162, 0x6300])
    expect([0, 1, 5, 6, 7].map((at) => bank.getBit('coil', at))).toEqual([
      true,
      false,
      true,
      false,
      true,
    ])
  })
  it('has the units that it names, and its holes', () => {
    expect([1, 2, 3].map((unit) => bank.has(unit))).toEqual([true, false, true])
    expect(bank.isHole('holding', 90, 11, 1)).toBe(true)
    expect(bank.isHole('holding', 90, 10, 1)).toBe(false)
    expect(bank.isHole('holding', 200, 1, 1)).toBe(false)
  })
  it('has ranges that are not written, and functions that are not known', () => {
    const isProtected = (table: 'holding' | 'coil', address: number, unit = 1) =>
      bank.isProtected(table, address, 1, unit)
    expect([0, 9, 10, 39, 40, 41].map((at) => isProtected('holding', at))).toEqual([
      ...[true, true, false, false, true, false],
    ])
    expect([isProtected('coil', 3), isProtected('coil', 4)]).toEqual([true, false])
    expect(isProtected('holding', 0, 3)).toBe(false)
    expect([3, 6, 16, 43].map((code) => bank.knows(code, 1))).toEqual([true, true, false, true])
    expect(bank.knows(16, 3)).toBe(true)
  })
  it('says what it is', () => {
    expect(bank.identityOf(1)).toEqual({
      objects: new Map([
        [0, 'ACME'],
        [1, '17'],
        [3, 'http://192.0.2.1'],
        [0x80, 'more'],
      ]),
      serverId: 42,
    })
    expect(bank.identityOf(3)).toEqual({ serverId: 'Pump 7', running: false })
    expect(bank.identityOf(2)).toEqual({})
  })
  it('has variations, with defaults', () => {
    expect(variations).toHaveLength(2)
    expect(variations[0]).toMatchObject({ type: 'uint16', everyMs: 500, periodMs: 60_000, seed: 1 })
    expect(variations[1]).toMatchObject({
      unit: 1,
      table: 'holding',
      type: 'float32',
      everyMs: 100,
    })
  })
})

describe('a wrong bank file says where and what', () => {
  it.each([
    ['units: [', /^bank\.yaml:1:\d+: /],
    ['vary: []', /^bank\.yaml:1:1: units is missing$/],
    [
      'units:\n  1:\n    holdings: {}',
      /^bank\.yaml:3:5: "holdings" is no table; tables are coil, /,
    ],
    [
      'units:\n  1:\n    holding:\n      70000: 1',
      /^bank\.yaml:4:7: an address is "70000", not 0 … 65535$/,
    ],
    [
      'units:\n  1:\n    holding:\n      1: 1.5',
      /^bank\.yaml:4:10: a register is "1.5", not -32768 … 65535$/,
    ],
    ['units:\n  1:\n    functions: [0]', /^bank\.yaml:3:17: a function is "0", not 1 … 127$/],
    ['units:\n  1:\n    functions: 3', /^bank\.yaml:3:16: functions is not a list$/],
    ['units:\n  1:\n    identity: { seller: x }', /^bank\.yaml:3:17: "seller" is no object; /],
    ['units:\n  1:\n    identity: { 256: x }', /^bank\.yaml:3:17: "256" is no object; /],
    ['units:\n  1:\n    identity: { serverId: 300 }', /^bank\.yaml:3:27: a server id is "300"/],
    ['units:\n  1:\n    readOnly: { coils: [] }', /^bank\.yaml:3:17: "coils" is no table$/],
    [
      'units:\n  1:\n    readOnly: { coil: [[5, 4]] }',
      /^bank\.yaml:3:28: the end of a range is "4", not 5 … 65535$/,
    ],
    ['units:\n  1:\n    holding:\n      1: 65536', /^bank\.yaml:4:10: /],
    ['units:\n  1:\n    holding:\n      65535: [1, 2]', /^bank\.yaml:4:7: /],
    ['units:\n  1:\n    holding:\n      1: { float: 1 }', /^bank\.yaml:4:10: a typed value is /],
    ['units:\n  1:\n    holding:\n      1: { int16: 40000 }', /^bank\.yaml:4:19: /],
    ['units:\n  1:\n    holding:\n      1: { int32: x }', /^bank\.yaml:4:19: "x" is not a number$/],
    ['units:\n  1:\n    coil:\n      1: 2', /^bank\.yaml:4:10: a bit is true or false$/],
    ['units:\n  256: {}', /^bank\.yaml:2:3: a unit is "256", not 0 … 255$/],
    ['units:\n  1: 5', /^bank\.yaml:2:6: unit 1 is not a map$/],
    ['units: {}\nunit: {}', /^bank\.yaml:2:1: "unit" is unknown/],
    [
      'units: {}\nvary:\n  - { address: 1, shape: square, min: 0, max: 1 }',
      /^bank\.yaml:3:26: shape is "square", not one of /,
    ],
    [
      'units: {}\nvary:\n  - { address: 1, shape: sine, min: 5, max: 1 }',
      /^bank\.yaml:3:45: max is "1", not 5 or more$/,
    ],
    ['units: {}\nvary:\n  - { address: 1, shape: sine, min: 0, max: 70000 }', /^bank\.yaml:3:5: /],
    [
      'units: {}\nvary:\n  - { address: 1, shape: sine, min: 0, max: 7, speed: 2 }',
      /^bank\.yaml:3:48: "speed" is unknown/,
    ],
    ['units:\n  1: {}\n  1: {}', /^bank\.yaml:3:3: /],
    ['', /^bank\.yaml:1:1: the file is not a map/],
  ])('%j', (text, message) => expect(faultsOf(text)).toMatch(message))
  it('with all faults at once', () => {
    const text = 'units:\n  1:\n    coil: { 0: 7 }\n    input: { 0: x }\n'
    expect(faultsOf(text).split('\n')).toHaveLength(2)
  })
})

describe('a course', () => {
  const base = {
    unit: 1,
    table: 'holding' as const,
    address: 0,
    type: 'uint16' as const,
    min: 10,
    max: 20,
    periodMs: 1000,
    everyMs: 100,
    step: 2,
    seed: 5,
  }
  const take = (shape: 'sine' | 'ramp' | 'walk', seed = 5) => {
    const next = createCourse({ ...base, shape, seed })
    return Array.from({ length: 50 }, next)
  }
  it('stays within its limits and moves', () => {
    for (const shape of ['sine', 'ramp', 'walk'] as const) {
      const values = take(shape)
      expect(Math.min(...values)).toBeGreaterThanOrEqual(10)
      expect(Math.max(...values)).toBeLessThanOrEqual(20)
      expect(new Set(values).size).toBeGreaterThan(3)
    }
  })
  it('is the same for the same seed', () => {
    expect(take('walk')).toEqual(take('walk'))
    expect(take('walk')).not.toEqual(take('walk', 6))
    expect(take('ramp').slice(0, 11)).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 10])
    expect(take('sine')[5]).toBe(20)
  })
})
