import { MapperError } from '@mapper-sdk/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Table } from '../link/link.ts'
import {
  addressRule,
  formatAddress,
  parseAddress,
  readAddress,
  referenceOf,
  type PlacedAddress,
} from './address.ts'
import { tables } from './table-names.ts'

const digits = { coil: '0', discrete: '1', input: '3', holding: '4' } as const
const initials = { coil: 'CO', discrete: 'DI', input: 'IR', holding: 'HR' } as const

const registers = fc.constantFrom<Table>('input', 'holding')
const anyTable = fc.constantFrom(...tables)
const anyAddress = fc.oneof(fc.nat(65_535), fc.constantFrom(0, 9998, 9999, 40_000, 65_535))
const anyBit = fc.option(fc.nat(15), { nil: undefined })

describe('a text that means one place', () => {
  it.each<[string, ReturnType<typeof parseAddress>]>([
    ['0', { address: 0 }],
    ['100', { address: 100 }],
    ['0100', { address: 100 }],
    [' 65535 ', { address: 65_535 }],
    ['20000', { address: 20_000 }],
    ['9999', { address: 9999 }],
    ['0x1F4', { address: 0x1f4 }],
    ['0XfFfF', { address: 0xffff }],
    ['0x1F4.3', { address: 0x1f4, bit: 3 }],
    ['40001', { table: 'holding', address: 0 }],
    ['49999', { table: 'holding', address: 9998 }],
    ['400001', { table: 'holding', address: 0 }],
    ['465536', { table: 'holding', address: 65_535 }],
    ['30001', { table: 'input', address: 0 }],
    ['300101', { table: 'input', address: 100 }],
    ['10001', { table: 'discrete', address: 0 }],
    ['00001', { table: 'coil', address: 0 }],
    ['000001', { table: 'coil', address: 0 }],
    ['4x00001', { table: 'holding', address: 0 }],
    ['4X1', { table: 'holding', address: 0 }],
    ['3x65536', { table: 'input', address: 65_535 }],
    ['1x00001', { table: 'discrete', address: 0 }],
    ['HR0', { table: 'holding', address: 0 }],
    ['hr0x10.15', { table: 'holding', address: 16, bit: 15 }],
    ['IR5', { table: 'input', address: 5 }],
    ['CO3', { table: 'coil', address: 3 }],
    ['DI7', { table: 'discrete', address: 7 }],
    ['holding:100', { table: 'holding', address: 100 }],
    ['holding:40001', { table: 'holding', address: 40_001 }],
    ['holding:0x1F4', { table: 'holding', address: 0x1f4 }],
    ['Holding Registers:1', { table: 'holding', address: 1 }],
    ['input:5', { table: 'input', address: 5 }],
    ['discreteInput:5', { table: 'discrete', address: 5 }],
    ['coil:0x10', { table: 'coil', address: 16 }],
    ['40001.3', { table: 'holding', address: 0, bit: 3 }],
    ['holding:100.3', { table: 'holding', address: 100, bit: 3 }],
  ])('%j', (text, place) => {
    expect(parseAddress(text)).toEqual(place)
    const table = place.table ?? 'input'
    expect(parseAddress(text, table)).toEqual({ table, ...place })
  })

  it('may be hexadecimal where no coil can be meant', () => {
    expect(parseAddress('0x0010', 'holding')).toEqual({ table: 'holding', address: 16 })
    expect(parseAddress('0x10', 'discrete')).toEqual({ table: 'discrete', address: 16 })
  })
})

describe('a text that means nothing, or more than one thing, says so', () => {
  it.each<[text: string, table: Table | undefined, sentence: string]>([
    [
      '49999',
      'input',
      `"49999" can be the reference 49999 (holding 9998) or the address 49999, and the table is input; write holding:9998 or input:49999 (${addressRule})`,
    ],
    [
      '00100',
      'holding',
      `"00100" can be the reference 00100 (coil 99) or the address 100, and the table is holding; write coil:99 or holding:100 (${addressRule})`,
    ],
    [
      '40000',
      undefined,
      '"40000" is no reference: those of holding go from 40001 to 49999, in six digits from 400001 to 465536; for the address 40000 write the number, or holding:40000',
    ],
    [
      '00000',
      'coil',
      '"00000" is no reference: those of coil go from 00001 to 09999, in six digits from 000001 to 065536; for the address 0 write the number, or coil:0',
    ],
    [
      '465537',
      undefined,
      '"465537" is no reference: those of holding go from 40001 to 49999, in six digits from 400001 to 465536',
    ],
    [
      '0x0010',
      undefined,
      `"0x0010" can be the reference of coil 9 or the address 16 in hexadecimal; write coil:9 or holding:0x0010 (${addressRule})`,
    ],
    [
      '0x10',
      'coil',
      `"0x10" can be the reference of coil 9 or the address 16 in hexadecimal; write coil:9 or coil:0x10 (${addressRule})`,
    ],
    [
      '0x0',
      undefined,
      `"0x0" can be the address 0 in hexadecimal; write holding:0x0 (${addressRule})`,
    ],
    [
      '449999',
      'input',
      '"449999" is in the table holding, but the table is input; leave out one of them',
    ],
    ['4x5', 'coil', '"4x5" is in the table holding, but the table is coil; leave out one of them'],
    [
      'HR5',
      'input',
      '"HR5" is in the table holding, but the table is input; leave out one of them',
    ],
    ['70000', undefined, `"70000" is beyond the last address, 65535 (${addressRule})`],
    [
      'holding:65536',
      undefined,
      `"holding:65536" is beyond the last address, 65535 (${addressRule})`,
    ],
    ['4x0', undefined, '"4x0" is no reference: those of holding go from 40001'],
    ['100.3', undefined, '"100.3" is no address: for bit 3 of 100 write holding:100.3'],
    ['100.3', 'input', '"100.3" is no address: for bit 3 of 100 write input:100.3'],
    ['40001.16', undefined, '"40001.16" names bit 16, but a register has the bits 0 to 15'],
    ['00001.3', undefined, '"00001.3" names a bit, but a coil is one; leave .3 out'],
    ['0xA.1', 'discrete', '"0xA.1" names a bit, but a discrete is one; leave .1 out'],
    ['', undefined, `"" is no address: write 100, 0x1F4`],
    ['-1', undefined, '"-1" is no address'],
    ['1e3', undefined, '"1e3" is no address'],
    ['2x5', undefined, '"2x5" is no address'],
    ['holding', undefined, '"holding" is no address'],
    ['holding:', undefined, '"holding:" is no address'],
    ['holding:-1', undefined, '"holding:-1" is no address'],
    ['holding:4x1', undefined, '"holding:4x1" is no address'],
    ['coffee:1', undefined, '"coffee:1" is no address'],
    ['constructor:1', undefined, '"constructor:1" is no address'],
    ['40001.', undefined, '"40001." is no address'],
    ['40001.3.4', undefined, '"40001.3.4" is no address'],
    ['x'.repeat(99), undefined, `"${'x'.repeat(40)}…" is no address`],
  ])('%j in %s', (text, table, sentence) => {
    expect(readAddress(text, table)).toContain(sentence)
    expect(() => parseAddress(text, table)).toThrow(MapperError)
    expect(() => parseAddress(text, table)).toThrow('[invalid_config]')
  })
})

describe('formats and parses to the same', () => {
  const place = fc
    .record({ table: registers, address: anyAddress, bit: anyBit })
    .map(({ bit, ...rest }): PlacedAddress => (bit === undefined ? rest : { ...rest, bit }))

  it('in the plainest form', () => {
    fc.assert(
      fc.property(place, (one) => {
        expect(parseAddress(formatAddress(one))).toEqual(one)
      }),
    )
    expect(formatAddress({ table: 'coil', address: 7 })).toBe('coil:7')
  })

  it('as a reference, in five and in six digits, and with an x', () => {
    fc.assert(
      fc.property(anyTable, anyAddress, (table, address) => {
        const digit = digits[table]
        const number = String(address + 1)
        expect(referenceOf({ table, address })).toBe(
          digit + number.padStart(number.length > 4 ? 5 : 4, '0'),
        )
        for (const text of [referenceOf({ table, address }), digit + number.padStart(5, '0')]) {
          expect(parseAddress(text)).toEqual({ table, address })
        }
        if (table === 'coil') return
        expect(parseAddress(`${digit}x${number.padStart(5, '0')}`)).toEqual({ table, address })
      }),
    )
  })

  it('with a name or initials in front, in decimal and in hexadecimal', () => {
    fc.assert(
      fc.property(anyTable, anyAddress, (table, address) => {
        for (const number of [String(address), `0x${address.toString(16)}`]) {
          for (const front of [`${table}:`, initials[table], `${initials[table].toLowerCase()}:`]) {
            expect(parseAddress(front + number)).toEqual({ table, address })
          }
        }
      }),
    )
  })
})

it('reads any text as a legal place, or not at all', () => {
  const soup = fc.stringMatching(/^[0-9a-fxXhHrRiI:. ]{0,9}$/)
  fc.assert(
    fc.property(
      fc.oneof(soup, fc.string()),
      fc.option(anyTable, { nil: undefined }),
      (text, table) => {
        const place = readAddress(text, table)
        if (typeof place === 'string') {
          expect(place).not.toBe('')
          return
        }
        expect(Number.isInteger(place.address) && place.address >= 0).toBe(true)
        expect(place.address).toBeLessThanOrEqual(65_535)
        if (table !== undefined) expect(place.table).toBe(table)
        if (place.bit !== undefined) {
          expect(place.bit).toBeLessThanOrEqual(15)
          expect(['input', 'holding', undefined]).toContain(place.table)
        }
      },
    ),
    { numRuns: 3000 },
  )
})
