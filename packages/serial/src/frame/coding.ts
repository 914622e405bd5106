/** Turns what stands between delimiters into what they cannot be confused with, and back. */
export interface Coding {
  encode(content: Uint8Array): Uint8Array
  /** Undefined: no content gives these bytes. */
  decode(coded: Uint8Array): Uint8Array | undefined
}

/** An escape byte, and what it and each byte that needs one are sent as after it. */
export interface EscapeRule {
  readonly byte: number
  /** The escaped byte on the wire, by the byte meant; both directions are unambiguous. */
  readonly sent: ReadonlyMap<number, number>
  /** What a byte after the escape byte means; undefined: nothing. */
  meaning(sent: number): number | undefined
}

export function escapeCoding({ byte: escape, sent, meaning }: EscapeRule): Coding {
  return {
    encode(content) {
      const out: number[] = []
      for (const byte of content) {
        const after = sent.get(byte)
        if (after === undefined) out.push(byte)
        else out.push(escape, after)
      }
      return Uint8Array.from(out)
    },
    decode(coded) {
      const out = new Uint8Array(coded.length)
      let length = 0
      for (let at = 0; at < coded.length; at++) {
        let byte = coded[at] ?? 0
        if (byte === escape) {
          const meant = ++at < coded.length ? meaning(coded[at] ?? 0) : undefined
          if (meant === undefined) return undefined
          byte = meant
        }
        out[length++] = byte
      }
      return out.subarray(0, length)
    },
  }
}

const digits = '0123456789ABCDEF'.split('').map((digit) => digit.charCodeAt(0))

const digitOf = (code: number): number =>
  code >= 0x30 && code <= 0x39
    ? code - 0x30
    : (code | 0x20) >= 0x61 && (code | 0x20) <= 0x66
      ? (code | 0x20) - 0x57
      : -1

/** Two hexadecimal digits a byte, sent as capitals, understood as either. */
export const hexCoding: Coding = {
  encode: (content) =>
    Uint8Array.from(
      [...content].flatMap((byte) => [digits[byte >> 4] ?? 0, digits[byte & 15] ?? 0]),
    ),
  decode(coded) {
    if (coded.length % 2 !== 0) return undefined
    const out = new Uint8Array(coded.length / 2)
    for (let at = 0; at < out.length; at++) {
      const high = digitOf(coded[2 * at] ?? 0)
      const low = digitOf(coded[2 * at + 1] ?? 0)
      if (high < 0 || low < 0) return undefined
      out[at] = (high << 4) | low
    }
    return out
  },
}

/** Blocks of up to 254 bytes without a zero, each behind its length; a zero follows each but full ones. */
export const cobsCoding: Coding = {
  encode(content) {
    const out = [0]
    let head = 0
    for (const byte of content) {
      if (out.length - head === 0xff) {
        out[head] = 0xff
        head = out.push(0) - 1
      }
      if (byte !== 0) out.push(byte)
      else {
        out[head] = out.length - head
        head = out.push(0) - 1
      }
    }
    out[head] = out.length - head
    return Uint8Array.from(out)
  },
  decode(coded) {
    const out = new Uint8Array(coded.length)
    let length = 0
    for (let at = 0; at < coded.length;) {
      const block = coded[at] ?? 0
      const next = at + block
      if (block === 0 || next > coded.length) return undefined
      const part = coded.subarray(at + 1, next)
      if (part.includes(0)) return undefined
      out.set(part, length)
      length += part.length
      // The zero of the last block is the one that ends the frame.
      if (block < 0xff && next < coded.length) length++
      at = next
    }
    return out.subarray(0, length)
  },
}
