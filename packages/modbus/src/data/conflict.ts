import { MapperError } from '@mapper-sdk/core'
import type { ModbusVisitor, ValueType } from '../config/visitor.ts'
import { readAddress } from '../config/address.ts'
import type { Table } from '../link/link.ts'
import { integerTypes, isSigned, named, wideIntegerTypes } from './types.ts'

type Field = keyof ModbusVisitor

/** Why a visitor cannot be compiled. The message begins with the field, then comes what is wrong with it. */
export const conflict = (field: Field, message: string): MapperError =>
  new MapperError('invalid_config', `${field} ${message}`)

/** What `read` makes of a field. What it throws is about that field. */
export function reading<T>(field: Field, read: () => T): T {
  try {
    return read()
  } catch (thrown) {
    throw conflict(field, MapperError.from(thrown).detail)
  }
}

const unsigned = integerTypes.filter((type) => !isSigned(type))

/** The types that a field is for, where it is not for all. */
const typesOf: Partial<Record<Field, readonly ValueType[]>> = {
  byte: ['int8', 'uint8', 'bcd8', 'string'],
  bit: ['bool'],
  bits: wideIntegerTypes,
  mask: wideIntegerTypes,
  shift: wideIntegerTypes,
  fractionBits: integerTypes,
  scaleFactorAddress: integerTypes,
  noValue: [...integerTypes, 'float16', 'float32', 'float64', 'bcd8', 'bcd16', 'bcd32', 'string'],
  bitNames: unsigned,
  encoding: ['string'],
  padding: ['string'],
  trim: ['string'],
}

/** Two fields that say two things about the same. */
const rivals: readonly (readonly [Field, Field])[] = [
  ['bits', 'mask'],
  ['bits', 'shift'],
  ['fractionBits', 'scaleFactorAddress'],
  ['bitNames', 'fractionBits'],
  ['bitNames', 'scaleFactorAddress'],
]

/** Throws `invalid_config` if a field is not for the type or the table, or rules out another one. */
export function checkFields(visitor: ModbusVisitor, type: ValueType): void {
  const { table } = visitor
  const isBitTable = table === 'coil' || table === 'discrete'
  for (const [field, types] of Object.entries(typesOf) as [Field, readonly ValueType[]][]) {
    if (visitor[field] === undefined) continue
    if (isBitTable) throw conflict(field, `is not for a ${table}, which is one bit; leave it out`)
    if (types.includes(type)) continue
    throw conflict(
      field,
      `is not for ${named(type)}, but for ${types.join(', ')}; change one of them`,
    )
  }
  for (const [one, other] of rivals) {
    if (visitor[one] === undefined || visitor[other] === undefined) continue
    throw conflict(one, `cannot stand beside ${other}; leave out one of them`)
  }
}

/** A place as a number. Throws `invalid_config` if it is a text: then it could not be read. */
export function numberAt(
  field: 'address' | 'scaleFactorAddress',
  place: number | string,
  table: Table,
  bit?: number,
): number {
  if (typeof place === 'number') return place
  const alone = readAddress(place)
  if (typeof alone === 'string') throw conflict(field, alone)
  const within = readAddress(place, table)
  if (typeof within === 'string') throw conflict(field, within)
  if (within.bit === undefined) return within.address
  const why = field === 'address' ? `and bit is ${bit}` : 'but a scale factor is a whole register'
  throw conflict(field, `names bit ${within.bit}, ${why}; leave out one of them`)
}
