import { Buffer } from 'node:buffer'
import { describe, expect, it } from 'vitest'
import { formatBytes, parseBytes } from '../text/bytes-text.ts'
import type { Frame } from './frame.ts'
import type { FrameSpec } from './frame-spec.ts'
import { createFramer } from './framer.ts'

const show = (frames: readonly Frame[]) =>
  frames.map((frame) =>
    frame.good ? formatBytes(frame.payload) : `${frame.reason} ${formatBytes(frame.raw)}`,
  )

function read(spec: FrameSpec, text: string, midStream = false): string[] {
  const framer = createFramer(spec, { midStream })
  return show([...framer.push(parseBytes(text), 0), ...framer.finish(1)])
}

const nmea: FrameSpec = {
  ...{ type: 'delimiter', start: '$', end: '<CR><LF>' },
  checksum: { type: 'XOR', as: 'HEX', prefix: '*' },
}
const modbusAscii: FrameSpec = {
  ...{ type: 'delimiter', start: ':', end: '<CR><LF>', coding: 'hex' },
  checksum: { type: 'LRC' },
}
const modeC: FrameSpec = {
  ...{ type: 'delimiter', start: '<STX>', end: '<ETX>' },
  checksum: { type: 'BCC', afterEnd: true },
}
const hdlc: FrameSpec = {
  ...{ type: 'delimiter', start: '~', end: '~', escape: { byte: '}', xor: 0x20 } },
  checksum: { type: 'CRC-16/X-25' },
}

describe('frames of real protocols', () => {
  const gll = 'GPGLL,5057.970,N,00146.110,E,142451,A'

  it('are sentences of NMEA 0183', () => {
    expect(read(nmea, `$${gll}*27\\r\\n`)).toEqual([gll])
    expect(formatBytes(createFramer(nmea).encode(Buffer.from(gll)))).toBe(`$${gll}*27<CR><LF>`)
    expect(read(nmea, `$${gll}*28\\r\\n$${gll}*27\\r\\n`)).toEqual([
      `checksum $${gll}*28<CR><LF>`,
      gll,
    ])
    expect(read(nmea, `$${gll}#27\\r\\n`)[0]).toMatch(/^checksum /)
    expect(read(nmea, `$${gll}\\r\\n`)[0]).toMatch(/^checksum /)
    expect(read(nmea, `51,A*27\\r\\n$GPGLL,50$${gll}*27\\r\\n$GP`)).toEqual([
      'noise 51,A*27<CR><LF>',
      'incomplete $GPGLL,50',
      gll,
      'incomplete $GP',
    ])
  })

  it('are frames of Modbus ASCII', () => {
    expect(read(modbusAscii, ':010300000001FB\\r\\n')).toEqual(['<SOH><ETX><NUL><NUL><NUL><SOH>'])
    expect(read(modbusAscii, ':010300000001fb\\r\\n')).toEqual(['<SOH><ETX><NUL><NUL><NUL><SOH>'])
    expect(read(modbusAscii, ':010300000001FC\\r\\n')[0]).toMatch(/^checksum /)
    expect(read(modbusAscii, ':01030000000GFB\\r\\n')[0]).toMatch(/^coding /)
    expect(read(modbusAscii, ':0\\r\\n:\\r\\n')).toEqual([
      'coding :0<CR><LF>',
      'too-short :<CR><LF>',
    ])
  })

  it('have their checksum after the end, and the end covered', () => {
    // 31 ^ 2e ^ 38 ^ 2e ^ 30 ^ 28 ^ 29 ^ 03
    const sum = [...Buffer.from('1.8.0()'), 3].reduce((all, byte) => all ^ byte, 0)
    const check = `\\x${sum.toString(16).padStart(2, '0')}`
    expect(read(modeC, `<STX>1.8.0()<ETX>${check}`)).toEqual(['1.8.0()'])
    expect(read(modeC, `<STX>1.8.0()<ETX>\\xff<STX>1.8.0()<ETX>${check}`)).toEqual([
      'checksum <STX>1.8.0()<ETX>\\xff',
      '1.8.0()',
    ])
    // The checksum got lost, and the next start stands in its place.
    expect(read(modeC, `<STX>1.8.0()<ETX><STX>1.8.0()<ETX>${check}`)).toEqual([
      'checksum <STX>1.8.0()<ETX>',
      '1.8.0()',
    ])
  })

  it('share their flags', () => {
    const frame = formatBytes(createFramer(hdlc).encode(parseBytes('a~}b')))
    expect(frame).toMatch(/^~a}\^}]b.*~$/)
    expect(read(hdlc, `${frame}${frame.slice(1)}~~${frame}`)).toEqual(['a~}b', 'a~}b', 'a~}b'])
    expect(read(hdlc, `xx${frame}`)).toEqual(['noise xx', 'a~}b'])
    expect(read(hdlc, `~abc}~${frame}`)).toEqual(['coding abc}~', 'a~}b'])
  })

  it('are escaped by doubling', () => {
    const spec: FrameSpec = {
      ...{ type: 'delimiter', start: '<DLE><STX>', end: '<DLE><ETX>', escape: { byte: '<DLE>' } },
    }
    expect(read(spec, '<DLE><STX>a<DLE><DLE><ETX><STX>b<DLE><ETX>')).toEqual(['a<DLE><ETX><STX>b'])
    expect(read(spec, '<DLE><STX>a<DLE><STX>b<DLE><ETX>')).toEqual(['incomplete <DLE><STX>a', 'b'])
  })

  it('are packets of SLIP', () => {
    const { encode } = createFramer({ type: 'slip' })
    expect(encode(parseBytes('hex:01 c0 02 db 03'))).toEqual(
      parseBytes('hex:c0 01 db dc 02 db dd 03 c0'),
    )
    expect(read({ type: 'slip' }, 'hex:c0 c0 61 db dc c0 62 c0 63 db c0')).toEqual([
      'a\\xc0',
      'b',
      'coding c\\xdb\\xc0',
    ])
  })

  // The examples that descriptions of COBS give.
  it.each([
    ['00', '01 01 00'],
    ['00 00', '01 01 01 00'],
    ['11 22 00 33', '03 11 22 02 33 00'],
    ['11 22 33 44', '05 11 22 33 44 00'],
    ['11 00 00 00', '02 11 01 01 01 00'],
  ])('are those of COBS: %s', (payload, frame) => {
    const framer = createFramer({ type: 'cobs' })
    expect(framer.encode(parseBytes(`hex:${payload}`))).toEqual(parseBytes(`hex:${frame}`))
    expect(show(framer.push(parseBytes(`hex:${frame}`), 0))).toEqual([
      formatBytes(parseBytes(`hex:${payload}`)),
    ])
  })

  it.each([253, 254, 255, 508, 509])('are those of COBS with %i bytes without a zero', (length) => {
    const framer = createFramer({ type: 'cobs' })
    for (const rest of [[], [0], [7], [0, 7]]) {
      const payload = Uint8Array.from([...new Uint8Array(length).fill(9), ...rest])
      const frame = framer.encode(payload)
      expect(frame.indexOf(0)).toBe(frame.length - 1)
      expect(framer.push(frame, 0)).toMatchObject([{ good: true, payload }])
    }
  })

  it('say how long they are', () => {
    const spec: FrameSpec = {
      ...{ type: 'length', start: 'hex:aa', offset: 2, counts: 'payload', maxLength: 40 },
      checksum: { type: 'SUM-8', from: 0 },
    }
    const { encode } = createFramer(spec)
    // Start, address, length, two bytes, sum.
    const frame = encode(parseBytes('hex:01 61 62'))
    expect(frame).toEqual(parseBytes('hex:aa 01 03 61 62 71'))
    const bad = 'hex:aa 01 ff 61 62 71'
    const framer = createFramer(spec)
    expect(show([...framer.push(parseBytes(bad), 0), ...framer.push(frame, 1)])).toEqual([
      'length \\xaa<SOH>\\xff',
      'noise abq',
      '<SOH>ab',
    ])
  })

  it('are what a pattern says', () => {
    const spec: FrameSpec = { type: 'pattern', pattern: '[+-]\\d+\\.\\d kg', ignoreCase: true }
    expect(read(spec, '..+1.5 kg-22.5 KG++3.5 kg')).toEqual([
      'noise ..',
      '+1.5 kg',
      '-22.5 KG',
      'noise +',
      '+3.5 kg',
    ])
  })

  it('carry their delimiters in the payload if wished', () => {
    const spec: FrameSpec = { type: 'delimiter', end: ['!', '?'], keepDelimiters: true }
    expect(read(spec, 'yes!no?')).toEqual(['yes!', 'no?'])
  })
})

describe('a device that sends on its own', () => {
  it('is not believed before the first end', () => {
    const lines: FrameSpec = { type: 'delimiter', end: '\\r\\n' }
    expect(read(lines, '2.34 kg\\r\\n12.34 kg\\r\\n', true)).toEqual(['noise 2.34 kg', '12.34 kg'])
    expect(read({ type: 'cobs' }, 'hex:61 62 00 02 63 00', true)).toEqual(['noise ab', 'c'])
  })

  it('is not believed before the first silence where only silence ends a frame', () => {
    const framer = createFramer({ type: 'gap', gapMs: 5 }, { midStream: true })
    const frames = [0, 3, 20, 40].flatMap((at) => framer.push(parseBytes(`${at}`), at))
    expect(show([...frames, ...framer.finish(50)])).toEqual(['noise 03', '20', '40'])
  })

  it('is believed at once where a start is marked', () => {
    expect(read(modeC, 'xyz<STX>a<ETX>b', true)).toEqual(['noise xyz', 'a'])
  })
})

describe('the rest of a frame', () => {
  it('is not believed after a beginning that was too long', () => {
    expect(read({ type: 'delimiter', end: '\\n', maxLength: 4 }, 'abcdefgh\\nok\\n')).toEqual([
      'too-long abcd',
      'noise efgh',
      'ok',
    ])
    const framer = createFramer({ type: 'gap', gapMs: 5, maxLength: 4 })
    const frames = [...framer.push(parseBytes('abcdef'), 0), ...framer.push(parseBytes('ok'), 9)]
    expect(show([...frames, ...framer.finish(20)])).toEqual(['too-long abcd', 'noise ef', 'ok'])
  })

  it('is not believed after a wrong length, if nothing but silence tells where a frame starts', () => {
    const framer = createFramer({ type: 'length', offset: 0, gapMs: 5, maxLength: 10 })
    // Both look like frames, and are none.
    const frames = framer.push(parseBytes('hex:ff 01 61 01 62'), 0)
    expect(show([...frames, ...framer.push(parseBytes('hex:02 6f 6b'), 9)])).toEqual([
      'length \\xff',
      'noise <SOH>a<SOH>b',
      'ok',
    ])
  })

  it('is noise for a pattern, however long', () => {
    const framer = createFramer({ type: 'pattern', pattern: 'v=\\d+;', maxLength: 20 })
    const frames = [1, 2, 3, 4].flatMap(() => framer.push(Buffer.alloc(33, '-'), 0))
    frames.push(...framer.push(parseBytes('v=1;'), 0))
    expect(new Set(frames.map((frame) => frame.good || frame.reason))).toEqual(
      new Set(['noise', true]),
    )
    expect(frames.at(-1)).toMatchObject({ good: true, offset: 132 })
  })
})

describe('silence', () => {
  it('ends frames, at the time it is due', () => {
    const framer = createFramer({ type: 'gap', gapMs: 4 })
    expect(framer.dueAt).toBeUndefined()
    expect(framer.push(parseBytes('ab'), 100)).toEqual([])
    expect(framer.push(parseBytes('c'), 103)).toEqual([])
    expect(framer.dueAt).toBe(107)
    expect(framer.flush(106.9)).toEqual([])
    expect(framer.flush(109)).toMatchObject([{ good: true, offset: 0, atMs: 107 }])
    expect(framer.dueAt).toBeUndefined()
    framer.push(parseBytes('d'), 200)
    const frames = framer.push(parseBytes('e'), 204)
    expect(frames).toMatchObject([{ good: true, offset: 3, atMs: 204 }])
    expect(show(framer.finish(205))).toEqual(['e'])
  })

  it('is as long as the line is slow', () => {
    const spec: FrameSpec = { type: 'gap', gapCharacters: 3.5 }
    const due = (characterMs?: number, gapMs?: number) => {
      const all = { ...spec, ...(gapMs !== undefined && { gapMs }) }
      const framer = createFramer(all, characterMs === undefined ? {} : { characterMs })
      framer.push(parseBytes('a'), 0)
      return framer.dueAt
    }
    expect(due(2)).toBe(7)
    expect(due(2, 30)).toBe(30)
    expect(due(2, 5)).toBe(7)
    expect(due()).toBe(20)
    expect(due(0, 5)).toBe(5)
  })

  it('ends what is incomplete, and gives back what it hides', () => {
    const spec: FrameSpec = {
      type: 'length',
      offset: 0,
      checksum: { type: 'CRC-16/ARC' },
      gapMs: 10,
    }
    const frame = createFramer(spec).encode(parseBytes('hello'))
    const framer = createFramer(spec)
    // A length of 64 that never comes, and a whole frame within.
    framer.push(Uint8Array.of(64), 0)
    expect(framer.push(frame, 1)).toEqual([])
    expect(show(framer.flush(11))).toEqual(['incomplete @', 'hello'])
    expect(framer.counters).toMatchObject({ good: 1, bad: { incomplete: 1 } })
  })

  it('means nothing where none is declared', () => {
    const framer = createFramer({ type: 'delimiter', end: '\\n' })
    framer.push(parseBytes('ab'), 0)
    expect(framer.dueAt).toBeUndefined()
    expect(framer.flush(1e9)).toEqual([])
    expect(show(framer.push(parseBytes('c\\n'), 1e9))).toEqual(['abc'])
  })
})

describe('a framer', () => {
  it('forgets when it is reset', () => {
    const framer = createFramer({ type: 'delimiter', end: '\\n' })
    framer.push(parseBytes('old'), 0)
    framer.reset()
    expect(framer.held).toBe(0)
    expect(framer.push(parseBytes('new\\n'), 1)).toMatchObject([{ offset: 0 }])
    framer.reset({ midStream: true })
    expect(show(framer.push(parseBytes('rest\\nnew\\n'), 2))).toEqual(['noise rest', 'new'])
    expect(framer.counters.bytes).toBe(16)
  })

  it('is not moved by changes of what it was given, or gave', () => {
    const framer = createFramer({ type: 'delimiter', end: '\\n' })
    const given = parseBytes('ab')
    framer.push(given, 0)
    given.fill(0)
    const frames = framer.push(parseBytes('c\\nrest'), 1)
    framer.push(parseBytes('xxxxxxxxxxxx'), 2)
    expect(show(frames)).toEqual(['abc'])
  })

  it.each<[FrameSpec, string, string]>([
    [{ type: 'delimiter', end: '\\n' }, 'a\\nb', 'contains the end'],
    [{ type: 'delimiter', end: '\\n' }, '', 'or nothing'],
    [nmea, 'a$b', 'a delimiter is in it'],
    [{ type: 'fixed', length: 4, start: '!' }, 'ab', 'the frame has 3 bytes, less than length: 4'],
    [{ type: 'fixed', length: 4, start: '!' }, 'abcd', 'the frame has 5 bytes'],
    [{ type: 'gap', maxLength: 3 }, 'abcd', 'the frame has 4 bytes, more than maxLength: 3'],
    [{ type: 'gap' }, '', 'without a payload'],
    [
      { type: 'length', start: '!', offset: 1, adjust: -2, counts: 'frame' },
      `hex:${'00'.repeat(253)}`,
      'no length field of 1 bytes can say 257',
    ],
    [
      { type: 'fixed', length: 8, checksum: { type: 'XOR', at: 6 } },
      'ab',
      'is too short for the places',
    ],
  ])('does not send what nobody could read: %j %s', (spec, payload, why) => {
    const { encode } = createFramer(spec)
    expect(() => encode(parseBytes(payload))).toThrow(why)
    expect(() => encode(parseBytes(payload))).toThrow('[invalid_config]')
  })
})
