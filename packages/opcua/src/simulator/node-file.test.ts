import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NodeFileError, parseNodes } from './node-file.ts'
import { declaredValue, zeroOf } from './declared-value.ts'
import { builtInTypes } from './space/variant-values.ts'

const wrong = (text: string): readonly string[] => {
  try {
    parseNodes(text, 'n.yaml')
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(NodeFileError)
    return (thrown as NodeFileError).message.split('\n')
  }
  throw new Error('nothing was wrong')
}

describe('a node file', () => {
  it('declares variables with values, arrays and what moves', () => {
    const text = `
nodes:
  - { name: Boiler.Serial, type: Int64, value: 9223372036854775807, writable: false }
  - { name: Boiler.List, type: UInt16, value: [1, 65535] }
  - { name: Boiler.When, type: DateTime, value: "2024-02-29T12:00:00Z" }
  - { name: Boiler.Raw, type: ByteString, value: "00ff" }
  - { name: Empty, type: String }
  - name: Boiler.Level
    type: Double
    vary: { shape: sine, min: -1, max: 2.5 }
`
    expect(parseNodes(text, 'n.yaml')).toEqual([
      { name: 'Boiler.Serial', type: 'Int64', value: 9223372036854775807n, writable: false },
      { name: 'Boiler.List', type: 'UInt16', value: [1, 65535], writable: true },
      {
        name: 'Boiler.When',
        type: 'DateTime',
        value: new Date('2024-02-29T12:00:00Z'),
        writable: true,
      },
      { name: 'Boiler.Raw', type: 'ByteString', value: Buffer.of(0, 255), writable: true },
      { name: 'Empty', type: 'String', value: '', writable: true },
      {
        name: 'Boiler.Level',
        type: 'Double',
        value: 0,
        writable: true,
        vary: { shape: 'sine', min: -1, max: 2.5 },
      },
    ])
  })
  it('says where everything is that is wrong', () => {
    const lines = wrong(`nodes:
  - name: x
    type: Int17
  - { name: y, type: Byte, value: 256 }
  - { name: y, type: Boolean, value: 1 }
  - 5
  - { name: z, type: String, vary: { shape: ramp, min: 0, max: 1 } }
  - { name: w, type: Byte, vary: { shape: ramp, min: 0, max: 300 } }
  - { name: v, type: Byte, vary: { shape: ramp, min: 2, max: 1 } }
more: 1
`)
    const places = lines.map((line) => /^n\.yaml:(\d+):\d+: /.exec(line)?.[1])
    expect(places).toEqual(['10', '3', '4', '5', '5', '6', '7', '8', '9'])
    expect(lines[0]).toContain('"more" is unknown')
    expect(lines[1]).toContain('did you mean Int16')
    expect(lines[2]).toContain('"256" is no Byte, which takes 0 … 255')
    expect(lines[3]).toContain('"y" is there twice')
  })
  it.each(['', 'nodes: 5', 'nodes: [', '[]'])('refuses %j', (text) => {
    expect(wrong(text).length).toBeGreaterThan(0)
  })
})

describe('a declared value', () => {
  it('takes whole numbers of its range and no others', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -300n, max: 300n }), (number) => {
        const take = (type: 'SByte' | 'Byte') => declaredValue(type, number)
        const check = (type: 'SByte' | 'Byte', min: bigint, max: bigint) =>
          number >= min && number <= max
            ? expect(take(type)).toBe(Number(number))
            : expect(() => take(type)).toThrow('which takes')
        check('SByte', -128n, 127n)
        check('Byte', 0n, 255n)
      }),
    )
  })
  it('has a zero for every type, and a reason against what is none', () => {
    for (const type of builtInTypes) {
      expect(zeroOf(type)).not.toBeUndefined()
      expect(() => declaredValue(type, { not: 'a value' })).toThrow(`is no ${type}`)
    }
  })
})
