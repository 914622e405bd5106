import type { ModbusVisitor } from '../config/visitor.ts'

export type Encoding = NonNullable<ModbusVisitor['encoding']>

/** Characters as bytes. Undefined: there is no such text, or there are no such bytes. */
export interface TextEncoding {
  decode(bytes: Uint8Array): string | undefined
  encode(text: string): Uint8Array | undefined
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** One character a byte, up to `highest`. A TextDecoder takes latin1 for windows-1252, which differs. */
const single = (highest: number): TextEncoding => ({
  decode: (bytes) =>
    bytes.every((byte) => byte <= highest) ? String.fromCharCode(...bytes) : undefined,
  encode: (text) => {
    const codes = Array.from(text, (character) => character.codePointAt(0) ?? 0)
    return codes.every((code) => code <= highest) ? Uint8Array.from(codes) : undefined
  },
})

export const textEncodings: Readonly<Record<Encoding, TextEncoding>> = {
  'utf-8': {
    decode(bytes) {
      try {
        return utf8.decode(bytes)
      } catch {
        return undefined
      }
    },
    encode: (text) => new TextEncoder().encode(text),
  },
  latin1: single(0xff),
  ascii: single(0x7f),
}
