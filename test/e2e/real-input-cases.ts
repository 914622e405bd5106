import type { RawConfig } from '@mapper-sdk/core'
import type { PropertySpec } from '../support/manifests.ts'
import type { Order, Place, Table } from '../support/foreign-server.ts'

/** One property, what the device holds, and what the cloud should show of it. Raw values are the device's. */
export interface Case {
  readonly name: string
  readonly place: Place
  readonly type: PropertySpec['type']
  readonly visitor: RawConfig
  /** Two values that the device holds, one after the other, with their twins. */
  readonly shown: readonly { readonly raw: string; readonly twin: string }[]
  /** A value that is wished then, and what the device holds after it. */
  readonly wish?: { readonly twin: string; readonly raw: string }
}

type NumberType = Exclude<Place['type'], 'bool' | 'string'>

/** Of each type two values to read, among them its limits, and one to write. */
const samples: Readonly<Record<NumberType, readonly [string, string, string]>> = {
  int16: ['-32768', '32767', '-1234'],
  uint16: ['65535', '0', '50000'],
  int32: ['-2147483648', '2147483647', '-123456789'],
  uint32: ['4294967295', '1', '3000000000'],
  int64: ['-9223372036854775808', '9223372036854775807', '-9007199254740993'],
  uint64: ['18446744073709551615', '9007199254740993', '12345678901234567890'],
  float32: ['-1.5', '3.4028234663852886e38', '0.1'],
  float64: ['-1.7976931348623157e308', '5e-324', '0.1'],
}

const sizes: Readonly<Record<NumberType, number>> = {
  int16: 1,
  uint16: 1,
  int32: 2,
  uint32: 2,
  int64: 4,
  uint64: 4,
  float32: 2,
  float64: 4,
}

const modelType = (type: NumberType) =>
  type === 'float32' ? 'FLOAT' : type === 'float64' ? 'DOUBLE' : 'INT'

const orders: readonly Order[] = ['big', 'little']
const numberTypes = Object.keys(samples) as NumberType[]

/** Every number type in every order of bytes and words, to read and to write. */
export const numbers: readonly Case[] = numberTypes.flatMap((type, row) =>
  orders.flatMap((byteOrder, column) =>
    (sizes[type] === 1 ? orders.slice(0, 1) : orders).map((wordOrder, half): Case => {
      const address = row * 20 + column * 8 + half * 4
      const [first, second, wish] = samples[type]
      return {
        name: `${type}-${byteOrder}-${wordOrder}`,
        place: { table: 'holding', address, type, byteOrder, wordOrder },
        type: modelType(type),
        visitor: { table: 'holding', address, type, byteOrder, wordOrder },
        shown: [first, second].map((value) => ({ raw: value, twin: value })),
        wish: { twin: wish, raw: wish },
      }
    }),
  ),
)

/** Every number type once more in the read-only registers. */
const inputs = numberTypes.map((type, row): Case => {
  const [first, second] = samples[type]
  return {
    name: `input-${type}`,
    place: { table: 'input', address: row * 4, type },
    type: modelType(type),
    visitor: { table: 'input', address: row * 4, type },
    shown: [first, second].map((value) => ({ raw: value, twin: value })),
  }
})

const bit = (table: Table, address: number): Case => ({
  name: `${table}-bit`,
  place: { table, address, type: 'bool' },
  type: 'BOOLEAN',
  visitor: { table, address },
  shown: [
    { raw: 'true', twin: 'true' },
    { raw: 'false', twin: 'false' },
  ],
  ...(table === 'coil' && { wish: { twin: 'true', raw: 'true' } }),
})

const others: readonly Case[] = [
  bit('coil', 3),
  bit('discrete', 12),
  {
    name: 'input-bit',
    place: { table: 'input', address: 100, type: 'uint16' },
    type: 'BOOLEAN',
    visitor: { table: 'input', address: 100, type: 'bool', bit: 3 },
    shown: [
      { raw: '8', twin: 'true' },
      { raw: '65527', twin: 'false' },
    ],
  },
  {
    name: 'holding-bool',
    place: { table: 'holding', address: 200, type: 'uint16' },
    type: 'BOOLEAN',
    visitor: { table: 'holding', address: 200, type: 'bool' },
    shown: [
      { raw: '1', twin: 'true' },
      { raw: '0', twin: 'false' },
    ],
    wish: { twin: 'true', raw: '1' },
  },
  {
    name: 'text',
    place: { table: 'holding', address: 210, type: 'string', length: 8 },
    type: 'STRING',
    visitor: { table: 'holding', address: 210, type: 'string', length: 8 },
    // EdgeCore drops a twin with spaces or umlauts, so such a text travels encoded.
    shown: [
      { raw: 'pump-1', twin: 'pump-1' },
      { raw: 'Kühler 5', twin: `b64:${Buffer.from('Kühler 5').toString('base64url')}` },
    ],
    wish: { twin: 'Boiler-42/a,b:c@', raw: 'Boiler-42/a,b:c@' },
  },
  {
    name: 'text-swapped',
    place: { table: 'holding', address: 220, type: 'string', length: 4, byteOrder: 'little' },
    type: 'STRING',
    visitor: { table: 'holding', address: 220, type: 'string', length: 4, byteOrder: 'little' },
    shown: [
      { raw: 'abcdefgh', twin: 'abcdefgh' },
      { raw: 'xyz', twin: 'xyz' },
    ],
    wish: { twin: 'odd', raw: 'odd' },
  },
  {
    name: 'tenths',
    place: { table: 'holding', address: 230, type: 'int16' },
    type: 'FLOAT',
    visitor: { table: 'holding', address: 230, type: 'int16', scale: 0.1 },
    shown: [
      { raw: '215', twin: '21.5' },
      { raw: '-3', twin: '-0.3' },
    ],
    wish: { twin: '40.7', raw: '407' },
  },
  {
    name: 'halves-from-minus-40',
    place: { table: 'holding', address: 231, type: 'uint16' },
    type: 'DOUBLE',
    visitor: { table: 'holding', address: 231, type: 'uint16', scale: 0.5, offset: -40 },
    shown: [
      { raw: '101', twin: '10.5' },
      { raw: '0', twin: '-40' },
    ],
    wish: { twin: '85', raw: '250' },
  },
  {
    name: 'thousands',
    place: { table: 'holding', address: 232, type: 'uint32', wordOrder: 'little' },
    type: 'INT',
    visitor: { table: 'holding', address: 232, type: 'uint32', wordOrder: 'little', scale: 1000 },
    shown: [
      { raw: '4294967295', twin: '4294967295000' },
      { raw: '7', twin: '7000' },
    ],
    wish: { twin: '3000000', raw: '3000' },
  },
]

export const misc: readonly Case[] = [...inputs, ...others]

/** Whether a text stands for the value: floats as numbers, since a number has many texts. */
export function isSame(type: PropertySpec['type'], expected: string, actual: string): boolean {
  if (type === 'FLOAT') return Math.fround(Number(expected)) === Math.fround(Number(actual))
  if (type === 'DOUBLE') return Number(expected) === Number(actual)
  return expected === actual
}
