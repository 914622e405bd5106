import { MapperError, integerOf, parseDecimal, shortestFloat32 } from '@mapper-sdk/core'
import type { Groups } from '../match/match.ts'
import { latin1 } from '../text/latin1.ts'
import {
  isFloat,
  isNumberType,
  numberReader,
  sizeOf,
  type NumberType,
} from '../template/number-bytes.ts'
import type { ByteType, SourceSpec } from './extract-spec.ts'
import { followJsonPath, parseJsonPath } from './json-path.ts'

/** What is in a frame, before it is converted. */
export type Raw = string | number | bigint | boolean | Uint8Array

/** Reads one place of a frame. */
export interface Source {
  /** For messages: `group weight`. */
  readonly label: string
  /** Throws a MapperError `bad_data` that follows the label. */
  read(payload: Uint8Array, groups: Groups): Raw
}

/** `groups` are the names that a frame has. Throws a MapperError `invalid_config`. */
export function compileSource(spec: SourceSpec, groups: readonly string[]): Source {
  const { label, read } = placeOf(spec, groups)
  const { trim = true, digits = 'decimal', lookup, otherwise } = spec
  if (otherwise !== undefined && lookup === undefined) {
    throw config('otherwise is for lookup; add lookup or remove it')
  }
  const table = lookup === undefined ? undefined : tableOf(lookup)
  return {
    label,
    read(payload, found) {
      const plain = read(payload, found)
      const raw = typeof plain === 'string' && trim ? trimmed(plain) : plain
      if (table !== undefined) return lookUp(raw, table, otherwise)
      return typeof raw === 'string' && digits === 'hex' ? hexIn(raw) : raw
    },
  }
}

/** Without spaces and tabs round it; a regular expression would take long for a frame full of spaces. */
function trimmed(text: string): string {
  let from = 0
  let to = text.length
  const isSpace = (at: number) => text.charCodeAt(at) === 0x20 || text.charCodeAt(at) === 0x09
  while (from < to && isSpace(from)) from++
  while (to > from && isSpace(to - 1)) to--
  return text.slice(from, to)
}

type Place = Pick<Source, 'label' | 'read'>

function placeOf(spec: SourceSpec, groups: readonly string[]): Place {
  const { group, column, characters, json, bytes } = spec
  const given = Object.entries({ group, column, characters, json, bytes })
    .filter(([, value]) => value !== undefined)
    .map(([key]) => key)
  if (given.length > 1) throw config(`has ${given.join(' and ')}; a value is at one place`)
  if (group !== undefined) {
    if (!groups.includes(group)) {
      const have = groups.length === 0 ? 'has none' : `has ${groups.join(', ')}`
      throw config(`group ${group} is not there; the pattern ${have}`)
    }
    return {
      label: `group ${group}`,
      read(_, found) {
        const text = Object.hasOwn(found, group) ? found[group] : undefined
        if (text === undefined) throw bad('is not in the frame')
        return text
      },
    }
  }
  if (column !== undefined) {
    const { index, separator = ',' } = column
    return { label: `column ${index}`, read: (payload) => columnOf(payload, separator, index) }
  }
  if (characters !== undefined) {
    const { at, length } = characters
    return { label: `character ${at}`, read: (payload) => latin1(piece(payload, at, length)) }
  }
  if (json !== undefined) {
    const steps = parseJsonPath(json)
    return { label: json, read: (payload) => followJsonPath(utf8(payload), steps) }
  }
  if (bytes !== undefined) return bytePlace(bytes)
  return { label: 'the frame', read: latin1 }
}

function columnOf(payload: Uint8Array, separator: string, index: number): string {
  const text = latin1(payload)
  const columns = separator === ' ' ? text.trim().split(/ +/) : text.split(separator)
  const column = columns[index]
  if (column === undefined) throw bad(`is not there; the frame has ${columns.length}`)
  return column
}

function bytePlace({ at, type, length, bits }: NonNullable<SourceSpec['bytes']>): Place {
  const isNumber = isNumberType(type)
  if (isNumber && length !== undefined) {
    throw config(`bytes.length is for bcd, decimal, hex, text and bytes; ${type} has its own`)
  }
  if (bits !== undefined && (type === 'text' || type === 'bytes' || type.startsWith('f'))) {
    throw config(`bytes.bits is for whole numbers, not for ${type}`)
  }
  const { from = 0, count = 1 } = bits ?? {}
  if (from + count > 64) throw config('bytes.bits reaches beyond bit 63')
  const read = isNumber ? numberAt(at, type) : textAt(at, type, length)
  return {
    label: `byte ${at}`,
    read(payload) {
      const raw = read(payload)
      if (bits === undefined) return raw
      const number = wholeIn(raw)
      if (number === undefined) throw bad(`is ${shown(raw)}, which has no bits`)
      return BigInt.asUintN(count, BigInt.asUintN(64, number) >> BigInt(from))
    },
  }
}

function wholeIn(raw: Raw): bigint | undefined {
  if (typeof raw === 'bigint') return raw
  if (typeof raw === 'number') return BigInt(raw)
  const decimal = typeof raw === 'string' ? parseDecimal(raw) : undefined
  return decimal === undefined ? undefined : integerOf(decimal)
}

type ReadBytes = (payload: Uint8Array) => Raw

function numberAt(at: number, type: NumberType): ReadBytes {
  const size = sizeOf(type)
  const read = numberReader(type)
  const isShortFloat = isFloat(type) && size === 4
  return (payload) => {
    const number = read(payload, startOf(payload, at, size))
    return isShortFloat ? shortestFloat32(Number(number)) : number
  }
}

function textAt(
  at: number,
  type: Exclude<ByteType, NumberType>,
  length: number | undefined,
): ReadBytes {
  return (payload) => {
    const bytes = piece(payload, at, length)
    if (type === 'bytes') return bytes
    if (type === 'text' || type === 'decimal') return latin1(bytes)
    if (type === 'hex') return hexIn(latin1(bytes))
    const ordered = type === 'bcdle' ? [...bytes].reverse() : [...bytes]
    const text = ordered.map((byte) => byte.toString(16).padStart(2, '0')).join('')
    if (/^\d{1,64}$/.test(text)) return BigInt(text)
    throw bad(`is ${shown(bytes)}, which is no BCD`)
  }
}

function hexIn(text: string): bigint {
  const digits = text.trim()
  if (/^[0-9a-fA-F]{1,64}$/.test(digits)) return BigInt(`0x${digits}`)
  throw bad(`is ${shown(text)}, which is not hexadecimal`)
}

/** So many bytes from a place that counts from either end. */
function piece(payload: Uint8Array, at: number, length: number | undefined): Uint8Array {
  const from = startOf(payload, at, length)
  return payload.subarray(from, length === undefined ? payload.length : from + length)
}

/** Where such a piece starts, if the frame has all of it. */
function startOf(payload: Uint8Array, at: number, length: number | undefined): number {
  const from = at < 0 ? payload.length + at : at
  const to = length === undefined ? payload.length : from + length
  if (from >= 0 && from < to && to <= payload.length) return from
  const wanted = length === undefined ? '' : ` with ${length} bytes`
  throw bad(`is not there${wanted}; the frame has ${payload.length} bytes`)
}

/** Texts as they are, and numbers however they are written. */
function tableOf(lookup: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  const entries = Object.entries(lookup)
  if (entries.length > 256) throw config('lookup has more than 256 entries')
  return new Map(entries)
}

function lookUp(
  raw: Raw,
  table: ReadonlyMap<string, string>,
  otherwise: string | undefined,
): string {
  const found = raw instanceof Uint8Array ? undefined : table.get(String(raw))
  const meaning = found ?? otherwise
  if (meaning !== undefined) return meaning
  throw bad(
    `is ${shown(raw)}, which is not listed; lookup has ${[...table.keys()].slice(0, 20).join(', ')}`,
  )
}

export function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new MapperError('bad_data', 'is no UTF-8', { cause })
  }
}

export const shown = (raw: Raw): string =>
  raw instanceof Uint8Array
    ? `bytes ${[...raw.subarray(0, 16)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')}`
    : JSON.stringify(String(raw).slice(0, 60))

const bad = (detail: string) => new MapperError('bad_data', detail)
const config = (detail: string) => new MapperError('invalid_config', detail)
