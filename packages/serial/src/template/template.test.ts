import { Buffer } from 'node:buffer'
import type { Value } from '@mapper-sdk/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatBytes } from '../text/bytes-text.ts'
import { numberReader, numberTypes, sizeOf } from './number-bytes.ts'
import { compileTemplate } from './template.ts'

const names = ['address', 'value', 'text']
const render = (text: string, value: Value = 0) => {
  return formatBytes(compileTemplate(text, names).render({ address: 7, value, text: 'abc' }))
}

describe('a template', () => {
  it.each([
    ['S{address:02d}<CR>', 0, 'S07<CR>'],
    ['{value}', 0.1, '0.1'],
    ['{value}', 1e21, '1000000000000000000000'],
    ['{value}', true, '1'],
    ['{value:5d}', -12, '  -12'],
    ['{value:05d}', -12, '-0012'],
    ['{value:+05d}', 12, '+0012'],
    ['{value:d}', 2n ** 64n, '18446744073709551616'],
    ['{value:.2f}', 1.5, '1.50'],
    ['{value:.2f}', -0.05, '-0.05'],
    ['{value:08.2f}', -1.5, '-0001.50'],
    ['{value:.0f}', 3, '3'],
    ['{value:d}', '12', '12'],
    ['{value:x4}', 255, '00ff'],
    ['{value:X4}', 255, '00FF'],
    ['{value:x}', 4096, '1000'],
    ['{text:<5}|{text:>5}', 0, 'abc  |  abc'],
    ['{value:i16be}', -2, '\\xff\\xfe'],
    ['{value:u16le}', 513, '<SOH><STX>'],
    ['{value:f32be}', 1.5, '?\\xc0<NUL><NUL>'],
    ['{value:bcd4}', 1234, '<DC2>4'],
    ['{value:bcd4le}', 1234, '4<DC2>'],
    ['hex:01 {address:u8} 41 {value:u8}', 66, '<SOH><BEL>AB'],
    ['{{{address}}}', 0, '{7}'],
    ['{text}hex:41', 0, 'abchex:41'],
    ['', 0, ''],
  ])('%j with %s is %j', (text, value, expected) => {
    expect(render(text, value)).toBe(expected)
  })

  it.each([
    ['{value:u8}', 256, '{value} is 256, but u8 reaches from 0 to 255'],
    ['{value:i8}', -129, 'i8 reaches from -128 to 127'],
    ['{value:u8}', 1.5, '{value} is 1.5, which is no whole number'],
    ['{value:02d}', 100, '{value} is 100, which needs more than 2 characters'],
    ['{value:d}', 0.5, '{value} is 0.5, which is no whole number'],
    ['{value:.1f}', 0.25, '{value} is 0.25, which has more than 1 decimals'],
    ['{value:x2}', 256, '{value} is 256, more than 2 digits hold'],
    ['{value:x2}', -1, 'only 0 and more'],
    ['{value:bcd2}', 100, 'bcd2 holds 0 to 99'],
    ['{value:f32le}', 1e39, 'which f32le does not reach'],
    ['{value:<3}', 'abcd', '{value} has 4 characters, more than 3'],
    ['{value}', 'a\rb', '{value} has "\\r", which could end the frame or the command'],
    ['{value}', 'a;b', '{value} has ";", which could end'],
    ['{value}', '°C', '{value} has "°", which is no printable ASCII'],
    ['{value}', NaN, '{value} is "NaN", which is no finite number'],
    ['{value:d}', 'x', '{value} is "x", which is no finite number'],
    ['{value}', Uint8Array.of(1), 'is bytes'],
    ['{value}', 'a'.repeat(2000), 'more than 1024 characters'],
  ])('%j refuses %s', (text, value, message) => {
    const template = compileTemplate(text, names, { reserved: Buffer.from(';') })
    expect(() => template.render({ value })).toThrow(message)
    expect(() => template.render({ value })).toThrow('[bad_data] {value}')
  })

  it.each([
    ['{adress}', 'has {adress}, which is not known; known are address, value, text'],
    ['{value:5x}', '{value} has the format "5x"; known are'],
    ['{value:099d}', 'has the format'],
    ['{value:bcd3}', 'has the format'],
    ['a{', 'has { at character 2 without a placeholder'],
    ['a}b', 'has } at character 2; write }} for a brace'],
    ['{value!r}', 'without a placeholder'],
    ['\\q', '\\q means nothing'],
    ['hex:0{address:u8}', '0 is not hexadecimal'],
    ['{value}'.repeat(65), 'more than 64 placeholders'],
    ['x'.repeat(2049), 'longer than 2048 characters'],
  ])('cannot be %j', (text, message) => {
    expect(() => compileTemplate(text, names)).toThrow(message)
    expect(() => compileTemplate(text, names)).toThrow('[invalid_config]')
  })

  it('names a value that is missing, even one that every object seems to have', () => {
    const template = compileTemplate('{toString}', ['toString'])
    expect(() => template.render({})).toThrow('[bad_data] {toString} has no value')
    expect(template.names).toEqual(['toString'])
  })

  it('writes integers that read back the same, or refuses them', () => {
    const integers = numberTypes.filter((type) => !type.startsWith('f'))
    const number = fc.oneof(fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }), fc.integer())
    fc.assert(
      fc.property(fc.constantFrom(...integers), number, (type, value) => {
        const template = compileTemplate(`{value:${type}}`, names)
        const bits = BigInt(8 * sizeOf(type))
        const wrapped = type.startsWith('u')
          ? BigInt.asUintN(Number(bits), BigInt(value))
          : BigInt.asIntN(Number(bits), BigInt(value))
        if (wrapped !== BigInt(value)) expect(() => template.render({ value })).toThrow(type)
        else expect(BigInt(numberReader(type)(template.render({ value }), 0))).toBe(BigInt(value))
      }),
    )
  })

  it('writes decimals that read back the same, in exactly the room they have', () => {
    const decimal = fc.tuple(fc.integer(), fc.integer({ min: 0, max: 6 }))
    fc.assert(
      fc.property(decimal, fc.boolean(), ([digits, places], zero) => {
        const value = Number(`${digits}e-${places}`)
        const format = `${zero ? '0' : ''}20.${places}f`
        const bytes = compileTemplate(`{value:${format}}`, names).render({ value })
        expect(bytes.length).toBe(20)
        expect(Number(Buffer.from(bytes).toString('latin1'))).toBe(value + 0)
      }),
    )
  })

  it('never lets a text write anything but itself in printable characters', () => {
    const text = fc.string({ unit: 'binary', maxLength: 20 })
    const template = compileTemplate('<STX>{value}<ETX>', names, { reserved: Buffer.from(';*') })
    fc.assert(
      fc.property(text, (value) => {
        const isSafe = /^[\x20-\x7e]*$/.test(value) && !/[;*]/.test(value)
        if (!isSafe) {
          expect(() => template.render({ value })).toThrow('{value}')
          return
        }
        const bytes = Buffer.from(template.render({ value })).toString('latin1')
        expect(bytes).toBe(`\x02${value}\x03`)
      }),
    )
  })

  it('never fails otherwise, whatever it is made of', () => {
    const part = fc.constantFrom(
      '{',
      '}',
      'value',
      ':',
      '05d',
      '\\',
      'x41',
      'hex:',
      '<CR>',
      'é',
      '0',
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        try {
          compileTemplate(parts.join(''), names).render({ value: 1 })
        } catch (thrown) {
          expect(String(thrown)).toMatch(/\[(invalid_config|bad_data)\]/)
        }
      }),
    )
  })
})
