import { parseBytes } from '../text/bytes-text.ts'
import type { EscapeRule } from './coding.ts'
import type { DelimitedSpec } from './frame-spec.ts'

export const defaultMaxLength = 1024
export const defaultGapMs = 20
export const noBytes = new Uint8Array(0)

export const optionalBytes = (text: string | undefined): Uint8Array =>
  text === undefined ? noBytes : parseBytes(text)

/** The ends of a frame as a list, as they are written. */
export const endTexts = ({ end }: DelimitedSpec): readonly string[] =>
  end === undefined ? [] : typeof end === 'string' ? [end] : end

/** The bytes that cannot be sent as they are, and what is sent after the escape byte. */
export function escapeRuleOf(spec: DelimitedSpec): EscapeRule | undefined {
  if (spec.escape === undefined) return undefined
  const { xor = 0 } = spec.escape
  const [byte = 0] = parseBytes(spec.escape.byte)
  const delimiters = [optionalBytes(spec.start), ...endTexts(spec).map(parseBytes)]
  const firsts = delimiters.flatMap((delimiter) => [...delimiter.subarray(0, 1)])
  const special = new Set([byte, ...firsts, ...optionalBytes(spec.escape.also)])
  return {
    byte,
    sent: new Map([...special].map((one) => [one, one ^ xor])),
    // Nobody escapes what needs no escape: such a pair was hurt on the way, and a weak checksum may miss it.
    meaning: (sent) => (special.has(sent ^ xor) ? sent ^ xor : undefined),
  }
}

/** RFC 1055: END is sent as ESC ESC_END, ESC as ESC ESC_ESC. */
export const slipEnd = 0xc0
export const slipEscape: EscapeRule = {
  byte: 0xdb,
  sent: new Map([
    [slipEnd, 0xdc],
    [0xdb, 0xdd],
  ]),
  meaning: (sent) => ({ 0xdc: slipEnd, 0xdd: 0xdb })[sent],
}
