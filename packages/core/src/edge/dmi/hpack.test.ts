import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MapperError } from '../../errors.ts'
import { codeGroups, staticTable } from './hpack-tables.ts'
import { createHpackDecoder, encodeLiterals, type HeaderField } from './hpack.ts'

const limits = { tableBytes: 4096, listBytes: 32_768 }
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')
const pairs = (fields: readonly HeaderField[]) => fields.map(({ name, value }) => [name, value])

describe('the examples of RFC 7541 appendix C', () => {
  const request = (path: [string, string, string], ...more: [string, string][]) => [
    [':method', 'GET'],
    [':scheme', path[0]],
    [':path', path[1]],
    [':authority', path[2]],
    ...more,
  ]
  const requests = [
    request(['http', '/', 'www.example.com']),
    request(['http', '/', 'www.example.com'], ['cache-control', 'no-cache']),
    request(['https', '/index.html', 'www.example.com'], ['custom-key', 'custom-value']),
  ]
  const at21 = 'Mon, 21 Oct 2013 20:13:21 GMT'
  const response = (status: string, date: string, ...more: [string, string][]) => [
    [':status', status],
    ['cache-control', 'private'],
    ['date', date],
    ['location', 'https://www.example.com'],
    ...more,
  ]
  const cookie = 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1'
  const byStatus = (fields: string[][]) => [...fields].sort((a, b) => (a < b ? -1 : 1))
  const responses = [
    response('302', at21),
    response('307', at21),
    response(
      '200',
      'Mon, 21 Oct 2013 20:13:22 GMT',
      ['content-encoding', 'gzip'],
      ['set-cookie', cookie],
    ),
  ]
  const cases: [string, number, string[], string[][][]][] = [
    [
      'C.3 plain requests',
      4096,
      [
        '828684410f7777772e6578616d706c652e636f6d',
        '828684be58086e6f2d6361636865',
        '828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565',
      ],
      requests,
    ],
    [
      'C.4 Huffman requests',
      4096,
      [
        '828684418cf1e3c2e5f23a6ba0ab90f4ff',
        '828684be5886a8eb10649cbf',
        '828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf',
      ],
      requests,
    ],
    [
      'C.5 plain responses with eviction',
      256,
      [
        '4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e17' +
          '68747470733a2f2f7777772e6578616d706c652e636f6d',
        '4803333037c1c0bf',
        '88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d4153' +
          '444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b20766572736' +
          '96f6e3d31',
      ],
      responses,
    ],
    [
      'C.6 Huffman responses with eviction',
      256,
      [
        '488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8' +
          'e9ae82ae43d3',
        '4883640effc1c0bf',
        '88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b' +
          '3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007',
      ],
      responses,
    ],
  ]
  test.each(cases)('%s', (_name, tableBytes, blocks, expected) => {
    const decoder = createHpackDecoder({ ...limits, tableBytes })
    const decoded = blocks.map((block) => pairs(decoder.decode(hex(block))))
    expect(decoded.map(byStatus)).toEqual(expected.map(byStatus))
  })
})

test('the tables are whole: 61 fields, and a code that leaves no bit pattern unused', () => {
  expect(staticTable).toHaveLength(61)
  expect(staticTable[60]).toEqual({ name: 'www-authenticate', value: '' })
  expect(staticTable[31]).toEqual({ name: 'cookie', value: '' })
  const space = codeGroups.reduce((sum, group, bits) => sum + group.symbols.length / 2 ** bits, 0)
  expect(space).toBe(1)
  expect(codeGroups.flatMap(({ symbols }) => symbols)).toHaveLength(257)
})

test('literals decode to themselves, of any length', () => {
  const text = fc
    .uint8Array({ maxLength: 300 })
    .map((bytes) => Buffer.from(bytes).toString('latin1'))
  fc.assert(
    fc.property(fc.array(fc.record({ name: text, value: text }), { maxLength: 8 }), (fields) => {
      expect(createHpackDecoder(limits).decode(encodeLiterals(fields))).toEqual(fields)
    }),
  )
  const long = [{ name: 'x', value: 'y'.repeat(20_000) }]
  expect(createHpackDecoder(limits).decode(encodeLiterals(long))).toEqual(long)
})

test.each([
  ['index 0', '80'],
  ['an index beyond the tables', 'be'],
  ['an integer without end', 'ffffffffffffffffff01'],
  ['an integer cut off', 'ff'],
  ['a text beyond its block', '0005616263'],
  ['a table size above ours', '3fe21f'],
  ['a table size inside the block', '8220'],
  ['padding of a whole byte', '0085f2b24a87ff'],
  ['padding that is not ones', '00811f00'.replace('1f', '18')],
  ['end of text inside a text', '0084fffffffc00'],
  ['an empty literal', '00'],
])('%s is refused', (_what, block) => {
  expect(() => createHpackDecoder(limits).decode(hex(block))).toThrow(MapperError)
})

test('a block that stands for more than the list limit is refused', () => {
  const decoder = createHpackDecoder(limits)
  const value = 'v'.repeat(3900)
  const insert = Buffer.concat([
    Buffer.of(0x40),
    encodeLiterals([{ name: 'n', value }]).subarray(1),
  ])
  expect(decoder.decode(insert)).toHaveLength(1)
  expect(() => decoder.decode(Buffer.alloc(10, 0xbe))).toThrow('header list too large')
})

test('garbage only ever gives fields within the limits, or a MapperError', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 }), (blocks) => {
      const decoder = createHpackDecoder(limits)
      try {
        for (const block of blocks) {
          const fields = decoder.decode(block)
          const size = fields.reduce((sum, f) => sum + f.name.length + f.value.length + 32, 0)
          expect(size).toBeLessThanOrEqual(limits.listBytes)
        }
      } catch (error) {
        expect(error).toBeInstanceOf(MapperError)
        expect((error as MapperError).code).toBe('bad_data')
      }
    }),
    { numRuns: 5000 },
  )
})
