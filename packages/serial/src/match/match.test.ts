import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileMatch } from './match.ts'
import { latin1 } from '../text/latin1.ts'
import type { MatchSpec } from './match-spec.ts'

const find = (spec: MatchSpec, text: string, address = 3) =>
  compileMatch(spec, ['address']).find(Buffer.from(text, 'latin1'), { address })

describe('a match', () => {
  it('finds the groups of a pattern', () => {
    const pattern = '^S [SD] +(?<weight>[-0-9.]+) (?<unit>\\w+)'
    expect(find({ pattern }, 'S S    12.5 g')).toEqual({ weight: '12.5', unit: 'g' })
    expect(find({ pattern }, 'S I')).toBeUndefined()
    expect(find({ pattern: '^ok$', ignoreCase: true }, 'OK')).toEqual({})
  })

  it('takes an answer of the address that was asked, and of no other', () => {
    const spec = { pattern: '^(?<from>\\d\\d):(?<value>.*)', groups: { from: '{address:02d}' } }
    expect(find(spec, '03:12')).toEqual({ from: '03', value: '12' })
    expect(find(spec, '04:12')).toBeUndefined()
    expect(find(spec, '04:12', 4)).toBeDefined()
    expect(find({ prefix: '{address:u8}\\x81' }, '\x03\x81x')).toEqual({})
    expect(find({ prefix: '{address:u8}\\x81' }, '\x03')).toBeUndefined()
  })

  it('compares bytes at places, counted from either end', () => {
    const spec = {
      bytes: [
        { at: 1, equals: 'b' },
        { at: -1, equals: 'hex:ff' },
      ],
      length: 3,
    }
    expect(find(spec, 'ab\xff')).toEqual({})
    expect(find(spec, 'abc\xff')).toBeUndefined()
    expect(find(spec, 'abc')).toBeUndefined()
    expect(find({ bytes: [{ at: -3, equals: 'a' }] }, 'a')).toBeUndefined()
  })

  it.each([
    [{}, 'says nothing'],
    [{ pattern: '(?=a)' }, 'look-ahead'],
    [{ pattern: '(?<a>b)', groups: { c: 'd' } }, 'groups has c, but the pattern has only a'],
    [{ prefix: '{unit}' }, 'has {unit}, which is not known; known are address'],
  ])('cannot be %j', (spec, message) => {
    expect(() => compileMatch(spec, ['address'])).toThrow(message)
  })

  it('finds a prefix exactly where it is one', () => {
    const bytes = fc.uint8Array({ maxLength: 8 })
    fc.assert(
      fc.property(bytes, fc.uint8Array({ minLength: 1, maxLength: 3 }), (payload, prefix) => {
        const spec = { prefix: `hex:${Buffer.from(prefix).toString('hex')}` }
        const found = compileMatch(spec, []).find(payload, {}) !== undefined
        expect(found).toBe(latin1(payload).startsWith(latin1(prefix)))
        const whole = Uint8Array.from([...prefix, ...payload])
        expect(compileMatch(spec, []).find(whole, {})).toEqual({})
      }),
    )
  })

  it('does not mind a long frame', () => {
    expect(find({ pattern: '(a+)+$' }, `${'a'.repeat(60_000)}!`)).toBeUndefined()
  })
})
