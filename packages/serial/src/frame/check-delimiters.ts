import type { SpecProblem } from '../schema-parts.ts'
import { formatBytes, parseBytes } from '../text/bytes-text.ts'
import type { DelimitedSpec } from './frame-spec.ts'
import { matchAt } from './match-at.ts'
import { endTexts, escapeRuleOf, optionalBytes } from './spec-bytes.ts'

/** What makes delimiters ambiguous; its texts are known to be bytes. */
export function checkDelimiters(spec: DelimitedSpec): SpecProblem | undefined {
  const start = optionalBytes(spec.start)
  const ends = endTexts(spec).map(parseBytes)
  if (start.length === 0 && ends.length === 0) {
    return { path: [], message: 'has no way to find the end of a frame; add end, or start' }
  }
  return (
    checkAlike(start, ends) ??
    checkEscape(spec, [start, ...ends]) ??
    checkContent(spec, start, ends)
  )
}

const beginsWith = (bytes: Uint8Array, other: Uint8Array) =>
  other.length > 0 &&
  bytes.length >= other.length &&
  matchAt(bytes, 0, bytes.length, other) === 'all'

function checkAlike(start: Uint8Array, ends: readonly Uint8Array[]): SpecProblem | undefined {
  for (const [index, end] of ends.entries()) {
    const shorter = ends.find((other, at) => at !== index && beginsWith(end, other))
    if (shorter !== undefined) {
      const message = `${formatBytes(end)} begins with ${formatBytes(shorter)}, which would always end the frame before it; remove one`
      return { path: ['end', index], message }
    }
    if (end.length !== start.length && (beginsWith(end, start) || beginsWith(start, end))) {
      const message = `${formatBytes(start)} and the end ${formatBytes(end)} begin alike, so that one hides the other`
      return { path: ['start'], message }
    }
  }
  return undefined
}

function checkEscape(
  spec: DelimitedSpec,
  delimiters: readonly Uint8Array[],
): SpecProblem | undefined {
  const { escape, coding = 'plain' } = spec
  const rule = escapeRuleOf(spec)
  if (escape === undefined || rule === undefined) return undefined
  if (parseBytes(escape.byte).length !== 1) {
    return { path: ['escape', 'byte'], message: `is ${escape.byte}, but must be one byte` }
  }
  if (coding !== 'plain') {
    return { path: ['escape'], message: 'is not needed with coding: hex; remove one' }
  }
  for (const [byte, sent] of rule.sent) {
    const said = formatBytes(Uint8Array.of(rule.byte, sent))
    const hidden = delimiters.find(
      ([first, second]) => first === rule.byte && (second ?? sent) === sent,
    )
    if (hidden !== undefined) {
      const message = `makes ${formatBytes(Uint8Array.of(byte))} to ${said}, which is the delimiter ${formatBytes(hidden)}`
      return { path: ['escape', 'byte'], message }
    }
    if ((escape.xor ?? 0) !== 0 && rule.sent.has(sent)) {
      const message = `makes ${formatBytes(Uint8Array.of(byte))} to ${said}, which needs an escape itself`
      return { path: ['escape', 'xor'], message }
    }
  }
  return undefined
}

const isHexDigit = (byte: number) => /[0-9A-Fa-f]/.test(String.fromCharCode(byte))

/** What stands between the delimiters must not look like them. */
function checkContent(
  spec: DelimitedSpec,
  start: Uint8Array,
  ends: readonly Uint8Array[],
): SpecProblem | undefined {
  const { coding = 'plain', checksum, startInside = 'restart', keepDelimiters = false } = spec
  const shared = ends.some((end) => end.length === start.length && beginsWith(end, start))
  if (keepDelimiters && shared) {
    return {
      path: ['keepDelimiters'],
      message: 'is not for a start that is the end as well: frames share it',
    }
  }
  const telling = startInside === 'restart' && start.length > 0 ? [start, ...ends] : ends
  const digits = telling.find((delimiter) => delimiter.every(isHexDigit))
  const named = digits === undefined ? '' : formatBytes(digits)
  if (coding === 'hex' && digits !== undefined) {
    return {
      path: ['coding'],
      message: `is hex, but the delimiter ${named} is made of such digits`,
    }
  }
  if (checksum === undefined || checksum.afterEnd === true || coding === 'hex') return undefined
  if (spec.escape !== undefined) return undefined
  if ((checksum.as ?? 'binary') === 'binary') {
    return {
      path: ['checksum', 'as'],
      message:
        'is binary, so that the checksum can look like a delimiter; if the device sends it so, it also has an escape, coding: hex, or the checksum afterEnd',
    }
  }
  return digits === undefined
    ? undefined
    : { path: ['checksum', 'as'], message: `is text, and can look like the delimiter ${named}` }
}
