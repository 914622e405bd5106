import { alphabetText, isLegalValue, longestValue } from './alphabet.ts'

/** What became of a text on its way to EdgeCore. */
export type EncodedTwinText =
  { readonly ok: true; readonly text: string } | { readonly ok: false; readonly reason: string }

const prefix = 'b64:'
const loneSurrogate = /\p{Surrogate}/u

/**
 * A text as EdgeCore takes it. A legal text stays as it is. Any other becomes `b64:` and the base64url
 * of its UTF-8, without padding, or is refused if `mode` is `reject`. So is one that itself begins
 * with `b64:`, because it would be read as something else. More than 512 characters never pass.
 */
export function encodeTwinText(text: string, mode: 'encode' | 'reject'): EncodedTwinText {
  if (isLegalValue(text) && !text.startsWith(prefix)) return { ok: true, text }
  if (text.length > longestValue) {
    return refuse(
      `the text has ${text.length} characters, and EdgeCore takes at most ${longestValue}`,
    )
  }
  if (loneSurrogate.test(text)) return refuse('the text is not well-formed Unicode')
  if (mode === 'reject') {
    return refuse(
      text.startsWith(prefix)
        ? `a text that begins with ${prefix} would be read as an encoded one`
        : `the text has characters outside EdgeCore's alphabet (${alphabetText})`,
    )
  }
  const encoded = prefix + base64url(text)
  if (encoded.length <= longestValue) return { ok: true, text: encoded }
  return refuse(
    `the text needs ${encoded.length} characters encoded, and EdgeCore takes at most ${longestValue}`,
  )
}

/**
 * The text that a twin text stands for; also for desired values, where anyone may write `b64:`.
 * Only a canonical encoding (base64url without padding, spare bits zero, valid UTF-8) is decoded;
 * anything else is itself.
 */
export function decodeTwinText(text: string): string {
  if (!text.startsWith(prefix)) return text
  const digits = text.slice(prefix.length)
  if (!/^[A-Za-z0-9_-]*$/.test(digits) || digits.length % 4 === 1) return text
  try {
    const binary = atob(digits.replaceAll('-', '+').replaceAll('_', '/'))
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0))
    const decoded = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    return base64url(decoded) === digits ? decoded : text
  } catch {
    return text
  }
}

function base64url(text: string): string {
  const binary = Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte))
  return btoa(binary.join('')).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

const refuse = (reason: string): EncodedTwinText => ({ ok: false, reason })
