import { MapperError } from '@mapper-sdk/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Exchange, IdentificationLevel, Table } from './link.ts'
import {
  exchangeRequest,
  identificationRequest,
  maskRegisterRequest,
  readRequest,
  rtuFrame,
  serverIdRequest,
  tcpFrame,
  writeCoilsRequest,
  writeRegistersRequest,
  type Request,
} from './pdu.ts'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const codeOf = (make: () => Request) => {
  try {
    make()
    return 'none'
  } catch (thrown) {
    return thrown instanceof MapperError ? thrown.code : 'foreign'
  }
}
const bytes = (length: number) => new Uint8Array(length)
const exchange = (readCount: number, written: number): Exchange => ({
  ...{ readAddress: 0, readCount, writeAddress: 0 },
  data: bytes(2 * written),
})
const bits = (length: number) => new Array<boolean>(length).fill(true)

describe('frames are those of the specification', () => {
  const of = (request: Request) => [hex(tcpFrame(request, 0x1234)), hex(rtuFrame(request))]
  const cases: [string, Request, string, string][] = [
    ['FC 1', readRequest(1, 'coil', 0x13, 19, 247), '123400000006010100130013', '0101001300138c02'],
    [
      'FC 2',
      readRequest(1, 'discrete', 0xc4, 22, 247),
      '12340000000601' + '0200c40016',
      '010200c40016b839',
    ],
    [
      'FC 3',
      readRequest(17, 'holding', 0x6b, 3, 247),
      '123400000006' + '1103006b0003',
      '1103006b00037687',
    ],
    [
      'FC 4',
      readRequest(17, 'input', 8, 1, 247),
      '123400000006' + '110400080001',
      '110400080001b298',
    ],
    [
      'FC 5',
      writeCoilsRequest(17, 0xac, [true], 247),
      '123400000006' + '110500acff00',
      '110500acff004e8b',
    ],
    [
      'FC 6',
      writeRegistersRequest(17, 1, Uint8Array.of(0, 3), 247),
      '123400000006' + '110600010003',
      '1106000100039a9b',
    ],
    [
      'FC 15',
      writeCoilsRequest(
        17,
        0x13,
        [...'1011001110'].map((bit) => bit === '1'),
        247,
      ),
      '123400000009' + '110f0013000a02cd01',
      '110f0013000a02cd01bf0b',
    ],
    [
      'FC 16',
      writeRegistersRequest(17, 1, Uint8Array.of(0, 10, 1, 2), 247),
      '12340000000b' + '11100001000204000a0102',
      '11100001000204000a0102c6f0',
    ],
    ['FC 17', serverIdRequest(17, 247), '123400000002' + '1111', '1111cdec'],
    [
      'FC 22',
      maskRegisterRequest(17, 4, 0xf2, 0x25, 247),
      '123400000008' + '1116000400f20025',
      '1116000400f2002566e2',
    ],
    [
      'FC 23',
      exchangeRequest(
        17,
        {
          readAddress: 3,
          readCount: 6,
          writeAddress: 14,
          data: Uint8Array.of(0, 255, 0, 255, 0, 255),
        },
        247,
      ),
      '123400000011' + '111700030006000e00030600ff00ff00ff',
      '111700030006000e00030600ff00ff00ff4b54',
    ],
    [
      'FC 43/14',
      identificationRequest(17, 1, 0, 247),
      '123400000005' + '112b0e0100',
      '112b0e0100b1b4',
    ],
  ]
  it.each(cases)('%s', (_, request, tcp, rtu) => expect(of(request)).toEqual([tcp, rtu]))
})

it('uses the multiple functions for one register or coil when told to', () => {
  expect(writeRegistersRequest(1, 0, bytes(2), 247, true).functionCode).toBe(16)
  expect(writeCoilsRequest(1, 0, [true], 247, true).functionCode).toBe(15)
})

describe('impossible requests are refused', () => {
  const tables: Table[] = ['coil', 'discrete', 'input', 'holding']
  const most = (table: Table) => (table === 'coil' || table === 'discrete' ? 2000 : 125)
  it('a read that no answer can carry, of a unit that cannot answer, or beyond the end', () => {
    const any = fc.oneof(fc.integer({ min: -3, max: 70_000 }), fc.constantFrom(NaN, 1.5, Infinity))
    fc.assert(
      fc.property(any, fc.constantFrom(...tables), any, any, (unit, table, address, count) => {
        const right =
          [unit, address, count].every(Number.isInteger) &&
          unit >= 1 &&
          unit <= 247 &&
          address >= 0 &&
          count >= 1 &&
          count <= most(table) &&
          address + count <= 65_536
        expect(codeOf(() => readRequest(unit, table, address, count, 247))).toBe(
          right ? 'none' : 'invalid_config',
        )
      }),
      { numRuns: 1000 },
    )
  })
  it.each<[string, () => Request]>([
    ['124 registers', () => writeRegistersRequest(1, 0, bytes(248), 247)],
    ['no register', () => writeRegistersRequest(1, 0, bytes(0), 247)],
    ['half a register', () => writeRegistersRequest(1, 0, bytes(3), 247)],
    ['1969 coils', () => writeCoilsRequest(1, 0, bits(1969), 247)],
    ['no coil', () => writeCoilsRequest(1, 0, [], 247)],
    ['registers beyond the end', () => writeRegistersRequest(1, 65_535, bytes(4), 247)],
    ['unit 248 on a serial line', () => writeRegistersRequest(248, 0, bytes(2), 247)],
    ['the broadcast as the unit of a read', () => readRequest(0, 'holding', 0, 1, 247)],
    ['a mask of 17 bits', () => maskRegisterRequest(1, 0, 0x10000, 0, 247)],
    ['half a mask', () => maskRegisterRequest(1, 0, 0, 0.5, 247)],
    ['a mask beyond the end', () => maskRegisterRequest(1, 65_536, 0, 0, 247)],
    ['122 registers written while reading', () => exchangeRequest(1, exchange(1, 122), 247)],
    ['126 registers read while writing', () => exchangeRequest(1, exchange(126, 1), 247)],
    ['nothing written while reading', () => exchangeRequest(1, exchange(1, 0), 247)],
    ['the broadcast as the unit of an exchange', () => exchangeRequest(0, exchange(1, 1), 247)],
    ['object 256', () => identificationRequest(1, 1, 256, 247)],
    ['level 4', () => identificationRequest(1, 4 as IdentificationLevel, 0, 247)],
    ['the broadcast as the unit of a server id', () => serverIdRequest(0, 247)],
    ['an unknown table', () => readRequest(1, 'toString' as Table, 0, 1, 255)],
  ])('%s', (_, make) => expect(codeOf(make)).toBe('invalid_config'))
  it('but the largest ones pass', () => {
    expect(writeRegistersRequest(255, 65_413, bytes(246), 255).count).toBe(123)
    expect(writeCoilsRequest(0, 0, bits(1968), 255).count).toBe(1968)
    expect(exchangeRequest(1, exchange(125, 121), 255).count).toBe(125)
    expect(maskRegisterRequest(0, 65_535, 0xffff, 0, 255).count).toBe(1)
  })
})

it('unit 0 is the device itself where no line is behind the link', () => {
  expect(readRequest(0, 'holding', 0, 1, 255)).toMatchObject({ unit: 0, functionCode: 3 })
  expect(serverIdRequest(0, 255)).toMatchObject({ unit: 0, functionCode: 17 })
})
