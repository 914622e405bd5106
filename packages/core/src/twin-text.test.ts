import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isLegalName, isLegalValue } from './alphabet.ts'
import { decodeTwinText, encodeTwinText } from './twin-text.ts'

const anything = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 600 }),
  fc.string({ unit: 'binary-ascii', maxLength: 600 }),
  fc.string({ unit: 'grapheme', maxLength: 200 }),
  fc.stringMatching(/^b64:[A-Za-z0-9_-]{0,20}$/),
  fc.string({ maxLength: 20 }).map((text) => `b64:${text}`),
)

const reasonOf = (text: string) => {
  const result = encodeTwinText(text, 'encode')
  return result.ok ? undefined : result.reason
}

describe("EdgeCore's alphabet", () => {
  test.each(['', 'a', '-21.5', 'opc.tcp://h:1,2', '_@#', 'x'.repeat(512)])('has %j', (text) =>
    expect(isLegalValue(text)).toBe(true),
  )
  test.each([' ', 'a b', '1e+21', 'é', 'a\n', '=', '%', 'x'.repeat(513), '１'])(
    'has not %j',
    (text) => expect(isLegalValue(text)).toBe(false),
  )
  test('names are neither empty nor longer than 128', () => {
    expect(isLegalName('')).toBe(false)
    expect(isLegalName('x'.repeat(128))).toBe(true)
    expect(isLegalName('x'.repeat(129))).toBe(false)
    expect(isLegalName('boiler temperature')).toBe(false)
  })
})

describe('encodeTwinText', () => {
  test('a legal text stays itself', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-zA-Z0-9\-_.,:/@#]{0,512}$/), (text) => {
        fc.pre(!text.startsWith('b64:'))
        expect(encodeTwinText(text, 'encode')).toEqual({ ok: true, text })
        expect(encodeTwinText(text, 'reject')).toEqual({ ok: true, text })
      }),
    )
  })

  test.each([
    ['Kessel Nr. 1', 'b64:S2Vzc2VsIE5yLiAx'],
    ['grün', 'b64:Z3LDvG4'],
    ['\u0000', 'b64:AA'],
    ['\ufeffx', 'b64:77u_eA'],
    ['b64:', 'b64:YjY0Og'],
  ])('%j becomes %s', (text, encoded) => {
    expect(encodeTwinText(text, 'encode')).toEqual({ ok: true, text: encoded })
    expect(encodeTwinText(text, 'reject').ok).toBe(false)
  })

  test('whatever passes is legal and decodes to what it was', () => {
    fc.assert(
      fc.property(anything, fc.constantFrom('encode', 'reject'), (text, mode) => {
        const result = encodeTwinText(text, mode)
        expect(result.ok ? isLegalValue(result.text) : result.reason !== '').toBe(true)
        if (result.ok) expect(decodeTwinText(result.text)).toBe(text)
      }),
      { numRuns: 1000 },
    )
  })

  test('only length and lone surrogates stop an encoding', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 90 }), (text) => {
        expect(encodeTwinText(text, 'encode').ok).toBe(true)
      }),
    )
    expect(encodeTwinText(' '.repeat(381), 'encode').ok).toBe(true)
    expect(reasonOf(' '.repeat(382))).toMatch(/514 characters/)
    expect(reasonOf('x'.repeat(513))).toMatch(/at most 512/)
    expect(reasonOf('a\ud800b')).toMatch(/Unicode/)
    expect(encodeTwinText('\udc00', 'encode').ok).toBe(false)
    expect(encodeTwinText('😀', 'encode').ok).toBe(true)
  })
})

describe('decodeTwinText', () => {
  test.each([
    ['b64:S2Vzc2VsIE5yLiAx', 'Kessel Nr. 1'],
    // Anyone may encode what needs no encoding.
    ['b64:Zm9v', 'foo'],
    ['b64:', ''],
  ])('%s is %j', (text, decoded) => expect(decodeTwinText(text)).toBe(decoded))

  test.each([
    'plain',
    'B64:Zm9v',
    'b64:Zm9v=',
    'b64:Zg==',
    'b64:A',
    'b64:Zh',
    'b64:_w',
    'b64:7aCA',
    'b64:Zm 9v',
    'b64:Zm+v',
  ])('%j is itself', (text) => expect(decodeTwinText(text)).toBe(text))
})
