import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { checksumSchema } from '../checksum/checksum-spec.ts'
import { checkFrameSpec } from './check-frame-spec.ts'
import { frameSchema, type FrameSpec } from './frame-spec.ts'
import { createFramer } from './framer.ts'
import { ways } from './specs.suite.ts'

const ajv = new Ajv2020({ strict: true, allowUnionTypes: true })
const fits = ajv.compile<FrameSpec>(frameSchema)

describe('the schema of frames', () => {
  it('takes what the framer takes', () => {
    for (const [name, { spec }] of Object.entries(ways)) {
      expect([name, fits(spec), fits.errors]).toEqual([name, true, null])
      expect([name, checkFrameSpec(spec)]).toEqual([name, undefined])
    }
  })

  it('takes what stands in a file', () => {
    const spec: unknown = parse(`
      type: delimiter
      start: <STX>
      end: [ \\r, <LF> ]
      gapMs: 100
      checksum: { type: CRC, width: 16, poly: 0x1021, init: 0xffff, as: hex, at: -5 }
    `)
    expect(fits(spec)).toBe(true)
    expect(checkFrameSpec(spec as FrameSpec)).toBeUndefined()
  })

  it('takes angle brackets that are meant', () => {
    for (const end of ['\\<CRLF>', '<msg>', '</MSG>', '<STX><CR>', '\\\\<ETX>']) {
      expect([end, checkFrameSpec({ type: 'delimiter', end })]).toEqual([end, undefined])
    }
  })

  it.each<[unknown]>([
    [{}],
    [{ type: 'delimiters', end: '\\n' }],
    [{ type: 'delimiter', end: [] }],
    [{ type: 'delimiter', end: '\\n', maxLength: 0 }],
    [{ type: 'delimiter', end: '\\n', maxLength: 1e6 }],
    [{ type: 'slip', start: '!' }],
    [{ type: 'gap', checksum: { type: 'CRC-99' } }],
    [{ type: 'gap', checksum: { type: 'XOR', place: 3 } }],
    [{ type: 'length' }],
    [{ type: 'length', offset: 1, size: 5 }],
    [{ type: 'pattern' }],
  ])('refuses %j', (spec) => expect(fits(spec)).toBe(false))

  it('says of every option what it is', () => {
    const undescribed: string[] = []
    const visit = (schema: Record<string, unknown>, path: string) => {
      const { properties = {}, anyOf = [], items } = schema
      for (const [key, inner] of Object.entries(properties as Record<string, object>)) {
        const { description, const: fixed } = inner as { description?: string; const?: string }
        if (description === undefined && fixed === undefined) undescribed.push(`${path}.${key}`)
        visit(inner as Record<string, unknown>, `${path}.${key}`)
      }
      for (const form of anyOf as Record<string, unknown>[]) visit(form, path)
      if (items !== undefined) visit(items as Record<string, unknown>, path)
    }
    visit(frameSchema as unknown as Record<string, unknown>, 'frame')
    visit(checksumSchema as unknown as Record<string, unknown>, 'checksum')
    expect(undescribed).toEqual([])
  })
})

const xor = { type: 'XOR' } as const
const stx = { type: 'delimiter', start: '<STX>', end: '<ETX>' } as const

describe('what no schema can say', () => {
  it.each<[FrameSpec, string, string]>([
    [{ type: 'delimiter' }, '', 'no way to find the end of a frame'],
    [{ type: 'delimiter', end: '\\q' }, 'end', '\\q means nothing'],
    [{ type: 'delimiter', end: ['<CR>', 'hex:zz'] }, 'end.1', 'zz is not hexadecimal'],
    [{ type: 'delimiter', end: 'hex:' }, 'end', 'has no bytes'],
    [{ type: 'delimiter', end: '<CRLF>' }, 'end', 'has <CRLF>, which names no byte'],
    [{ type: 'delimiter', end: ['<CR><LF>', '<CR>'] }, 'end.0', 'begins with <CR>'],
    [{ type: 'delimiter', end: ['<CR>', '<CR>'] }, 'end.0', 'begins with <CR>'],
    [{ type: 'delimiter', start: '#', end: '##' }, 'start', 'begin alike'],
    [{ ...stx, escape: { byte: '<DLE><DLE>' } }, 'escape.byte', 'must be one byte'],
    [{ ...stx, escape: { byte: '<STX>' } }, 'escape.byte', 'is the delimiter <STX>'],
    [
      { type: 'delimiter', end: '<DLE><DLE>', escape: { byte: '<DLE>' } },
      'escape.byte',
      'is the delimiter <DLE><DLE>',
    ],
    [
      { type: 'delimiter', end: '<DLE><ETX>', escape: { byte: '<DLE>', also: '<ETX>' } },
      'escape.byte',
      'is the delimiter <DLE><ETX>',
    ],
    [{ ...stx, escape: { byte: '<ESC>', xor: 1 } }, 'escape.xor', 'needs an escape itself'],
    [{ ...stx, coding: 'hex', escape: { byte: '<ESC>' } }, 'escape', 'not needed with coding: hex'],
    [{ ...stx, end: 'E', coding: 'hex' }, 'coding', 'the delimiter E'],
    [{ ...stx, checksum: xor }, 'checksum.as', 'can look like a delimiter'],
    [{ ...stx, end: 'E', checksum: { ...xor, as: 'HEX' } }, 'checksum.as', 'the delimiter E'],
    [{ type: 'delimiter', start: '~', end: '~', keepDelimiters: true }, 'keepDelimiters', 'share'],
    [
      { type: 'delimiter', start: '!', checksum: { ...xor, afterEnd: true } },
      'checksum.afterEnd',
      'add end',
    ],
    [{ ...stx, checksum: { ...xor, afterEnd: true, at: -1 } }, 'checksum.at', 'contradicts'],
    [{ type: 'gap', checksum: { ...xor, afterEnd: true } }, 'checksum.afterEnd', 'say with at'],
    [{ type: 'gap', checksum: { ...xor, from: 3, to: 3 } }, 'checksum.to', 'not after from: 3'],
    [{ type: 'gap', checksum: { ...xor, from: -2, to: -4 } }, 'checksum.to', 'not after from: -2'],
    [{ type: 'gap', checksum: { type: 'CRC', width: 8 } }, 'checksum.poly', 'is missing'],
    [{ type: 'gap', checksum: { type: 'SUM-16', at: -1 } }, 'checksum.at', 'only from -2 on'],
    [
      { type: 'fixed', length: 9, start: '!', checksum: { ...xor, at: 0 } },
      'checksum.at',
      '1 or more',
    ],
    [
      { type: 'fixed', length: 9, checksum: { ...xor, at: 9 } },
      'checksum.at',
      'beyond a frame of 9',
    ],
    [
      { type: 'fixed', length: 9, checksum: { ...xor, from: -10 } },
      'checksum.from',
      'beyond a frame',
    ],
    [{ type: 'fixed', length: 9, checksum: { ...xor, to: 10 } }, 'checksum.to', 'beyond a frame'],
    [{ type: 'fixed', length: 4 }, '', 'cannot find the start of a frame again'],
    [{ type: 'length', offset: 0 }, '', 'cannot find the start of a frame again'],
    [{ type: 'fixed', length: 2000, gapMs: 5 }, 'length', 'more than maxLength: 1024'],
    [{ type: 'fixed', length: 2, start: 'ab', end: 'c' }, 'length', 'too short for the 3 bytes'],
    [{ ...stx, maxLength: 2 }, 'maxLength', 'too short for the 2 bytes'],
    [{ type: 'length', start: 'ab', offset: 1 }, 'offset', 'within the start'],
    [{ type: 'length', offset: 20, maxLength: 20, gapMs: 5 }, 'offset', 'beyond maxLength'],
    [{ type: 'length', offset: 2, checksum: { ...xor, at: 2 } }, 'checksum.at', 'the length field'],
    [{ type: 'pattern', pattern: '(' }, 'pattern', 'missing closing )'],
    [{ type: 'pattern', pattern: '^a$' }, 'pattern', 'must do without ^, $'],
    [{ type: 'pattern', pattern: 'a*' }, 'pattern', 'fits an empty text'],
  ])('%j is wrong in %j', (spec, path, message) => {
    expect(fits(spec)).toBe(true)
    const problem = checkFrameSpec(spec)
    expect([problem?.path.join('.'), problem?.message]).toEqual([
      path,
      expect.stringContaining(message),
    ])
    expect(() => createFramer(spec)).toThrow('[invalid_config] ')
  })
})
