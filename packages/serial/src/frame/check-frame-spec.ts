import { MapperError } from '@mapper-sdk/core'
import { createChecksum } from '../checksum/checksum.ts'
import { checkChecksumSpec } from '../checksum/checksum-spec.ts'
import type { SpecProblem } from '../schema-parts.ts'
import { parseBytes } from '../text/bytes-text.ts'
import { compileSafePattern } from '../text/safe-pattern.ts'
import { checkDelimiters } from './check-delimiters.ts'
import type { FixedSpec, FrameSpec, LengthSpec, PlacedChecksum } from './frame-spec.ts'
import { defaultMaxLength, endTexts, optionalBytes } from './spec-bytes.ts'

/**
 * What is wrong with a spec that passed `frameSchema`: the first thing that no schema can say; undefined:
 * nothing, `createFramer` takes it.
 */
export function checkFrameSpec(spec: FrameSpec): SpecProblem | undefined {
  return (
    checkTexts(spec) ??
    checkChecksum(spec) ??
    (spec.type === 'delimiter' ? checkDelimiters(spec) : undefined) ??
    (spec.type === 'pattern' ? checkPattern(spec.pattern) : undefined) ??
    (spec.type === 'length' ? checkLengthField(spec) : undefined) ??
    checkSizes(spec) ??
    (spec.type === 'fixed' || spec.type === 'length' ? checkWayBack(spec) : undefined)
  )
}

type Path = SpecProblem['path']

/** All texts that stand for bytes, with their places. */
function textsOf(spec: FrameSpec): readonly (readonly [Path, string | undefined])[] {
  const texts: [Path, string | undefined][] = [[['checksum', 'prefix'], spec.checksum?.prefix]]
  if (spec.type === 'delimiter') {
    texts.push([['start'], spec.start], [['escape', 'byte'], spec.escape?.byte])
    texts.push([['escape', 'also'], spec.escape?.also])
    const listed = typeof spec.end !== 'string'
    endTexts(spec).forEach((end, index) => texts.push([listed ? ['end', index] : ['end'], end]))
  } else if (spec.type === 'fixed' || spec.type === 'length') {
    texts.push([['start'], spec.start], [['end'], spec.end])
  }
  return texts
}

function checkTexts(spec: FrameSpec): SpecProblem | undefined {
  for (const [path, text] of textsOf(spec)) {
    if (text === undefined) continue
    try {
      if (parseBytes(text).length === 0) return { path, message: 'has no bytes; leave it out' }
    } catch (thrown) {
      return { path, message: MapperError.from(thrown).detail }
    }
    const name = unknownName(text)
    if (name !== undefined) {
      const message = `has ${name}, which names no byte; write <CR><LF> for two, or \\${name} for the text`
      return { path, message }
    }
  }
  return undefined
}

/** Elsewhere it is a text like any other; as a delimiter it is a slip, such as <CRLF>. */
const unknownName = (text: string) =>
  (text.replaceAll(/\\./gs, '').match(/<[A-Z]{2,4}>/g) ?? []).find(
    (name) => parseBytes(name).length > 1,
  )

const endOf = (spec: FrameSpec): readonly Uint8Array[] => {
  if (spec.type === 'delimiter') return endTexts(spec).map(parseBytes)
  if (spec.type === 'fixed' || spec.type === 'length') return [optionalBytes(spec.end)]
  return []
}

const startOf = (spec: FrameSpec): Uint8Array =>
  optionalBytes('start' in spec ? spec.start : undefined)

function checkChecksum(spec: FrameSpec): SpecProblem | undefined {
  const { checksum } = spec
  if (checksum === undefined) return undefined
  const own = checkChecksumSpec(checksum)
  if (own !== undefined) return { ...own, path: ['checksum', ...own.path] }
  const wrong = (key: keyof PlacedChecksum, message: string) => ({
    path: ['checksum', key],
    message,
  })
  const { at, from, to, afterEnd = false } = checksum
  if (afterEnd && spec.type !== 'delimiter') {
    return wrong('afterEnd', 'is for type: delimiter; say with at where the checksum is')
  }
  if (afterEnd && endTexts(spec as { type: 'delimiter' }).length === 0) {
    return wrong('afterEnd', 'needs an end that it can follow; add end')
  }
  if (afterEnd && at !== undefined) {
    return wrong('at', 'contradicts afterEnd, which says where the checksum is; remove one')
  }
  if (from !== undefined && to !== undefined && from < 0 === to < 0 && from >= to) {
    return wrong('to', `is ${to}, not after from: ${from}; nothing would be covered`)
  }
  if (at === undefined) return undefined
  const size = createChecksum(checksum).length
  const prefix = optionalBytes(checksum.prefix).length
  const end = Math.max(0, ...endOf(spec).map(({ length }) => length))
  const start = startOf(spec).length
  if (at < 0 && -at < size + end) {
    const last = -(size + end)
    return wrong('at', `is ${at}, but its ${size} bytes end before the end only from ${last} on`)
  }
  if (at >= 0 && at < start + prefix) {
    return wrong(
      'at',
      `is ${at}, within the start of the frame; it can be ${start + prefix} or more`,
    )
  }
  return undefined
}

function checkPattern(pattern: string): SpecProblem | undefined {
  const path = ['pattern']
  try {
    const { looksAround, test } = compileSafePattern(pattern)
    if (looksAround) {
      return { path, message: 'must do without ^, $ and \\b: a stream has no beginning and no end' }
    }
    return test('') ? { path, message: 'fits an empty text, which is no frame' } : undefined
  } catch (thrown) {
    return { path, message: MapperError.from(thrown).detail }
  }
}

/** Bytes of checksum and prefix. */
function checksumSize({ checksum }: FrameSpec): number {
  if (checksum === undefined) return 0
  return createChecksum(checksum).length + optionalBytes(checksum.prefix).length
}

function checkLengthField(spec: LengthSpec): SpecProblem | undefined {
  const { offset, size = 1, checksum } = spec
  const start = startOf(spec).length
  if (offset < start) {
    return {
      path: ['offset'],
      message: `is ${offset}, within the start; it can be ${start} or more`,
    }
  }
  if (checksum?.at === undefined || checksum.at < 0) return undefined
  const stop = checksum.at + createChecksum(checksum).length
  const head = checksum.at - optionalBytes(checksum.prefix).length
  if (head >= offset + size || stop <= offset) return undefined
  return { path: ['checksum', 'at'], message: `is ${checksum.at}, where the length field is` }
}

/** Whether the parts of a frame have room in the longest one. */
function checkSizes(spec: FrameSpec): SpecProblem | undefined {
  const { maxLength = defaultMaxLength, checksum } = spec
  if (spec.type === 'fixed' && spec.length > maxLength) {
    return {
      path: ['length'],
      message: `is ${spec.length}, more than maxLength: ${maxLength}; raise maxLength`,
    }
  }
  const longest = spec.type === 'fixed' ? spec.length : maxLength
  const path = [spec.type === 'fixed' ? 'length' : 'maxLength']
  const end = Math.max(0, ...endOf(spec).map(({ length }) => length))
  const field = spec.type === 'length' ? (spec.size ?? 1) : 0
  const parts = startOf(spec).length + field + checksumSize(spec) + end
  if (parts > longest || (spec.type === 'delimiter' && parts >= longest)) {
    return {
      path,
      message: `is ${longest}, too short for the ${parts} bytes of all but the payload`,
    }
  }
  if (spec.type === 'length' && spec.offset + field > longest) {
    return { path: ['offset'], message: `is ${spec.offset}, beyond maxLength: ${longest}` }
  }
  const places = [
    ['at', checksum?.at, lengthOf(checksum)],
    ['from', checksum?.from, 0],
    ['to', checksum?.to, 0],
  ] as const
  for (const [key, place, size] of places) {
    if (place === undefined) continue
    const beyond = place < 0 ? -place > longest : place + size + (key === 'at' ? end : 0) > longest
    if (beyond) {
      return { path: ['checksum', key], message: `is ${place}, beyond a frame of ${longest} bytes` }
    }
  }
  return undefined
}

const lengthOf = (checksum: PlacedChecksum | undefined) =>
  checksum === undefined ? 0 : createChecksum(checksum).length

/** Whether the start of a frame can be found again after a lost byte. */
function checkWayBack(spec: FixedSpec | LengthSpec): SpecProblem | undefined {
  const { start, end, checksum, gapMs } = spec
  if ([start, end, checksum, gapMs].some((way) => way !== undefined)) return undefined
  return {
    path: [],
    message:
      'cannot find the start of a frame again once a byte is lost; add start, end, checksum or gapMs',
  }
}
