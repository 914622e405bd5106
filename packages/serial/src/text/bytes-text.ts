import { MapperError } from '@mapper-sdk/core'

/** The control characters 0 to 31 by their names in ASCII. */
const controls =
  'NUL SOH STX ETX EOT ENQ ACK BEL BS HT LF VT FF CR SO SI DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS RS US'.split(
    ' ',
  )
const codes = new Map(controls.map((name, code) => [name, code]))
const aliases = { DEL: 0x7f, TAB: 0x09, XON: 0x11, XOFF: 0x13, SP: 0x20 }
for (const [name, code] of Object.entries(aliases)) codes.set(name, code)

const letters: Readonly<Record<string, number>> = {
  ...{ r: 0x0d, n: 0x0a, t: 0x09, '0': 0x00, e: 0x1b, a: 0x07, b: 0x08, f: 0x0c, v: 0x0b },
  ...{ '\\': 0x5c, '<': 0x3c, '>': 0x3e, "'": 0x27, '"': 0x22 },
}

/** What a text may start with to be hexadecimal as a whole. */
const hexMark = 'hex:'

/**
 * Bytes as people write them. Plain ASCII means itself; `\r \n \t \0 \e \\ \<` and `\x02` mean one byte
 * each, and so do names of control characters: `<STX>`, `<cr><lf>`. Angle brackets round anything else
 * mean themselves. `hex:02 30 31` is hexadecimal as a whole. Throws a MapperError `invalid_config` that
 * names the place.
 */
export function parseBytes(text: string): Uint8Array {
  if (text.startsWith(hexMark)) return parseHex(text.slice(hexMark.length))
  const bytes: number[] = []
  for (let at = 0; at < text.length;) {
    const { byte, length } = readByte(text, at)
    bytes.push(byte)
    at += length
  }
  return Uint8Array.from(bytes)
}

function readByte(text: string, at: number): { readonly byte: number; readonly length: number } {
  const code = text.charCodeAt(at)
  const letter = text[at + 1] ?? ''
  if (code === 0x5c) {
    const hex = /^[0-9a-fA-F]{2}/.exec(text.slice(at + 2, at + 4))?.[0]
    if (letter === 'x' && hex !== undefined) return { byte: Number.parseInt(hex, 16), length: 4 }
    const byte = Object.hasOwn(letters, letter) ? letters[letter] : undefined
    if (byte !== undefined) return { byte, length: 2 }
    throw wrong(text, at, `\\${letter} means nothing; write \\\\ for a backslash, \\x02 for a byte`)
  }
  if (code === 0x3c) {
    const name = /^[A-Za-z0-9]{2,4}(?=>)/.exec(text.slice(at + 1, at + 6))?.[0]
    const byte = codes.get(name?.toUpperCase() ?? '')
    if (name !== undefined && byte !== undefined) return { byte, length: name.length + 2 }
  }
  if (code > 0x7f) {
    const character = String.fromCodePoint(text.codePointAt(at) ?? code)
    const utf8 = [...new TextEncoder().encode(character)].map(escaped).join('')
    const latin1 = code <= 0xff ? `${escaped(code)} (Latin-1) or ` : ''
    throw wrong(text, at, `write ${character} as the device does: ${latin1}${utf8} (UTF-8)`)
  }
  return { byte: code, length: 1 }
}

/** `02 30 31`, `023031`, `02:30:31` or `0x02, 0x30`. Throws a MapperError `invalid_config`. */
export function parseHex(text: string): Uint8Array {
  const words = text.split(/[\s,:;-]+/).filter((word) => word !== '')
  return Uint8Array.from(
    words.flatMap((word) => {
      const digits = word.replace(/^0[xX]/, '')
      if (!/^(?:[0-9a-fA-F]{2})+$/.test(digits)) {
        throw new MapperError('invalid_config', `${word} is not hexadecimal: two digits a byte`)
      }
      return (digits.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16))
    }),
  )
}

/** Bytes for people to read, and for `parseBytes` to read again: `<STX>12.5 kg<CR><LF>`. */
export function formatBytes(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) {
    if (byte === 0x5c || byte === 0x3c) text += `\\${String.fromCharCode(byte)}`
    else if (byte < 0x20) text += `<${controls[byte]}>`
    else text += byte < 0x7f ? String.fromCharCode(byte) : escaped(byte)
  }
  // Only a text that begins so would be taken for hexadecimal.
  return text.startsWith(hexMark) ? `\\x68${text.slice(1)}` : text
}

/** `02 30 31` */
export const formatHex = (bytes: Uint8Array): string => Array.from(bytes, twoDigits).join(' ')

const twoDigits = (byte: number) => byte.toString(16).padStart(2, '0')
const escaped = (byte: number) => `\\x${twoDigits(byte)}`

const wrong = (text: string, at: number, why: string) =>
  new MapperError('invalid_config', `${JSON.stringify(text)}, character ${at + 1}: ${why}`)
