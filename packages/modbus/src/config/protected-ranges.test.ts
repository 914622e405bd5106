import { describe, expect, it } from 'vitest'
import { normalize } from './dialects.ts'
import { parseProtected, protectedPattern } from './protected-ranges.ts'

const matches = (text: string) => new RegExp(protectedPattern, 'u').test(text)

describe('readProtected', () => {
  it('is a list of ranges in one text', () => {
    expect(parseProtected('holding:100-109, input:5')).toEqual([
      { table: 'holding', address: 100, count: 10 },
      { table: 'input', address: 5, count: 1 },
    ])
    expect(parseProtected(' coil : 0 - 65535 ,discrete:7')).toEqual([
      { table: 'coil', address: 0, count: 65_536 },
      { table: 'discrete', address: 7, count: 1 },
    ])
    expect(parseProtected(undefined)).toEqual([])
  })

  it('may be written in any case', () => {
    expect(normalize({ ip: 'a', ReadProtected: 'Holding:1' }, 'protocol')).toMatchObject({
      readProtected: 'holding:1',
    })
  })

  it.each(['holding:100-109, input:5', ' coil : 0 - 65535 ,discrete:7', 'input:1'])(
    'passes the schema: %s',
    (text) => {
      expect(matches(text)).toBe(true)
      expect(parseProtected(text).length).toBeGreaterThan(0)
    },
  )

  it.each([
    '',
    'holding',
    'holding:',
    '100-109',
    'holdings:1',
    'holding:1,',
    'holding:1-',
    'holding:-1',
    'holding:1;2',
  ])('does not pass the schema: %j', (text) => expect(matches(text)).toBe(false))

  it.each(['holding:9-8', 'holding:65536', 'input:65535-65536', 'holding:1, input:9-8'])(
    'is refused with the range that is none: %s',
    (text) => expect(() => parseProtected(text)).toThrow(/readProtected: .* is no range/),
  )
})
