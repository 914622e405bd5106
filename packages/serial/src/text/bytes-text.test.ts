import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatBytes, formatHex, parseBytes, parseHex } from './bytes-text.ts'

describe('bytes as people write them', () => {
  it.each([
    ['MEAS?\\n', '4d4541533f0a'],
    ['\\x02S\\x03', '025303'],
    ['<STX>01<ETX>', '02303103'],
    ['<cr><Lf>', '0d0a'],
    ['<DC1><XOFF><DEL><SP>', '11137f20'],
    ['<html>', '3c68746d6c3e'],
    ['\\<STX>', '3c5354583e'],
    ['a<b', '613c62'],
    ['\\\\\\0\\e\\t', '5c001b09'],
    ['hex:02 30 31', '023031'],
    ['hex:', ''],
    ['', ''],
    ['02 30', '3032203330'],
  ])('%j are %s', (text, bytes) => {
    expect(Buffer.from(parseBytes(text)).toString('hex')).toBe(bytes)
  })

  it.each([
    ['a\\q', 'character 2: \\q means nothing'],
    ['\\x2', 'character 1: \\x means nothing'],
    ['\\xg0', 'character 1: \\x means nothing'],
    ['\\', 'character 1: \\ means nothing'],
    ['20 °C', 'character 4: write ° as the device does: \\xb0 (Latin-1) or \\xc2\\xb0 (UTF-8)'],
    ['😀', 'write 😀 as the device does: \\xf0\\x9f\\x98\\x80 (UTF-8)'],
    ['hex:0', '0 is not hexadecimal'],
    ['hex:02 zz', 'zz is not hexadecimal'],
  ])('%j are refused', (text, message) => {
    expect(() => parseBytes(text)).toThrow(message)
    expect(() => parseBytes(text)).toThrow('[invalid_config]')
  })

  it('come back from the text of any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        expect(parseBytes(formatBytes(bytes))).toEqual(bytes)
        expect(parseHex(formatHex(bytes))).toEqual(bytes)
      }),
    )
    const texts = fc.array(fc.constantFrom('<', 'STX', '>', '\\', 'x', '41', 'hex:', 'h'))
    fc.assert(
      fc.property(texts, (parts) => {
        const bytes = Uint8Array.from(Buffer.from(parts.join('')))
        expect(parseBytes(formatBytes(bytes))).toEqual(bytes)
      }),
    )
  })

  it('are readable', () => {
    expect(formatBytes(Buffer.from('\x0212.5 kg\xff\r\n', 'latin1'))).toBe(
      '<STX>12.5 kg\\xff<CR><LF>',
    )
    expect(formatBytes(Buffer.from('hex:1'))).toBe('\\x68ex:1')
    expect(formatHex(Buffer.of(2, 0x30, 0xff))).toBe('02 30 ff')
  })

  it.each(['023031', '02 30 31', '02:30:31', '0x02, 0x30, 0x31', '02-30-31', ' 0230 31\n'])(
    'may be hexadecimal: %j',
    (text) => expect(parseHex(text)).toEqual(Uint8Array.of(2, 0x30, 0x31)),
  )
})
