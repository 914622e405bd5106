import { MapperError } from '@mapper-sdk/core'
import type { Table } from '../link/link.ts'
import { tableNamed, tables } from './table-names.ts'

/** A place in a device, counted from 0 as on the wire. */
export interface Address {
  /** Left out: nobody said. */
  readonly table?: Table
  readonly address: number
  /** Of a register, 0 is the lowest. */
  readonly bit?: number
}

/** The one rule of counting; errors repeat it. */
export const addressRule =
  'references such as 40001 and 4x00001 count from 1, everything else counts from 0 as on the wire'

export type PlacedAddress = Address & { readonly table: Table }

const last = 65_535
const digitOf: Readonly<Record<Table, string>> = {
  coil: '0',
  discrete: '1',
  input: '3',
  holding: '4',
}
const tableOf = (digit: string) => tables.find((table) => digitOf[table] === digit) ?? 'holding'

/**
 * The place that a text means: `100`, `0x1F4`, `holding:100`, `HR100`, `40101`, `400101`, `4x00101`, those
 * of registers also with `.3` behind for a bit. `table` is the table that was given apart from it.
 * Throws `invalid_config`, naming all that the text could mean, if that is nothing, more than one thing,
 * or in another table.
 */
export function parseAddress(text: string, table?: Table): Address {
  const read = readAddress(text, table)
  if (typeof read === 'string') throw new MapperError('invalid_config', read)
  return read
}

/** As `parseAddress`, but what is wrong is the answer. */
export function readAddress(text: string, table?: Table): Address | string {
  const trimmed = text.trim()
  const [, body = '', bitText] = /^([^.]*)(?:\.(\d{1,3}))?$/.exec(trimmed) ?? []
  const found = readPlace(body, trimmed, table)
  if (typeof found === 'string') return found
  const owner = found.table ?? table
  const place = { ...found, ...(owner !== undefined && { table: owner }) }
  if (bitText === undefined) return place
  const bit = Number(bitText)
  // It would stand for a number with a fraction as well.
  if (/^\d+$/.test(body) && found.table === undefined) {
    return `${quote(trimmed)} is no address: for bit ${bit} of ${body} write ${owner ?? 'holding'}:${trimmed}`
  }
  if (owner === 'coil' || owner === 'discrete') {
    return `${quote(trimmed)} names a bit, but a ${owner} is one; leave .${bitText} out`
  }
  if (bit > 15) return `${quote(trimmed)} names bit ${bit}, but a register has the bits 0 to 15`
  return { ...place, bit }
}

/** The plainest text of a place: `holding:100.3`. */
export const formatAddress = ({ table, address, bit }: PlacedAddress): string =>
  `${table}:${address}${bit === undefined ? '' : `.${bit}`}`

/** The place as manuals print it, without its bit: 40101, or 410001 where five digits do not do. */
export function referenceOf({ table, address }: PlacedAddress): string {
  const number = address + 1
  return digitOf[table] + String(number).padStart(number > 9999 ? 5 : 4, '0')
}

/** A place without its bit. The table only if the text has one. */
function readPlace(body: string, text: string, table?: Table): Address | string {
  const [, digit, number = ''] = /^([0134])x(\d+)$/i.exec(body) ?? []
  // In another table than that of the coils, 0x can only be hexadecimal.
  if (digit === '0' && (table ?? 'coil') === 'coil') return coilOrHex(body, text, table)
  if (digit !== undefined && digit !== '0')
    return within(reference(digit, number, text), text, table)
  if (/^[0134](\d{4}|\d{5})$/.test(body)) return readDigits(body, text, table)
  if (isNumeral.test(body)) return counted(body, text)
  const [, name = '', rest = ''] =
    /^([a-z][a-z _-]*):(.+)$/i.exec(body) ?? initials.exec(body) ?? []
  const owner = tableNamed(name)
  if (owner === undefined || !isNumeral.test(rest)) return unreadable(text)
  const place = counted(rest, text)
  return typeof place === 'string' ? place : within({ ...place, table: owner }, text, table)
}

const isNumeral = /^(\d+|0x[0-9a-f]+)$/i
const initials = /^(hr|ir|co|di)(.+)$/i

/** Five or six digits that begin with one of a table: a reference, where that is possible. */
function readDigits(body: string, text: string, table?: Table): Address | string {
  const found = reference(body.charAt(0), body.slice(1), text)
  const plain = Number(body)
  if (plain > last) return within(found, text, table)
  if (typeof found === 'string') {
    return `${found}; for the address ${plain} write the number, or ${table ?? 'holding'}:${plain}`
  }
  if (table === undefined || table === found.table) return found
  const readings = `the reference ${body} (${found.table} ${found.address}) or the address ${plain}`
  return `${quote(text)} can be ${readings}, and the table is ${table}; write ${formatAddress(found)} or ${table}:${plain} (${addressRule})`
}

function reference(digit: string, number: string, text: string): PlacedAddress | string {
  const table = tableOf(digit)
  const address = Number(number) - 1
  if (address >= 0 && address <= last) return { table, address }
  return `${quote(text)} is no reference: those of ${table} go from ${digit}0001 to ${digit}9999, in six digits from ${digit}00001 to ${digit}65536`
}

/** 0x and digits is the one spelling that is both a reference and hexadecimal. */
function coilOrHex(body: string, text: string, table?: Table): string {
  const coil = reference('0', body.slice(2), text)
  const hex = counted(body, text)
  const ways = [
    ...(typeof coil === 'string'
      ? []
      : [[`the reference of coil ${coil.address}`, formatAddress(coil)]]),
    ...(typeof hex === 'string'
      ? []
      : [[`the address ${hex.address} in hexadecimal`, `${table ?? 'holding'}:${body}`]]),
  ]
  if (ways.length === 0) return unreadable(text)
  const [readings, spellings] = [0, 1].map((part) => ways.map((way) => way[part]).join(' or '))
  return `${quote(text)} can be ${readings}; write ${spellings} (${addressRule})`
}

function within(place: PlacedAddress | string, text: string, table?: Table): Address | string {
  if (typeof place === 'string' || table === undefined || table === place.table) return place
  return `${quote(text)} is in the table ${place.table}, but the table is ${table}; leave out one of them`
}

function counted(numeral: string, text: string): Address | string {
  const address = Number(numeral)
  return address <= last
    ? { address }
    : `${quote(text)} is beyond the last address, ${last} (${addressRule})`
}

const unreadable = (text: string) =>
  `${quote(text)} is no address: write 100, 0x1F4, holding:100, HR100 or a reference such as 40101 or 4x00101, for a bit of a register with .3 behind it (${addressRule})`

const quote = (text: string) => JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text)
