import type { Case } from './real-input-cases.ts'
import type { Order } from '../support/foreign-server.ts'

const orders: readonly Order[] = ['big', 'little']

/** The same value in both byte orders, the raw value being that of the big one. */
const inBothOrders = (one: Case): readonly Case[] =>
  orders.map((byteOrder, index) => ({
    ...one,
    name: `${one.name}-${byteOrder}`,
    place: { ...one.place, address: one.place.address + 10 * index, byteOrder },
    visitor: { ...one.visitor, address: one.place.address + 10 * index, byteOrder },
  }))

const holding = (address: number, type: 'uint16' | 'int16' | 'uint32') => ({
  ...{ table: 'holding' as const, address, type },
})

/** Types that are parts of registers, or that servers know only as the bits of a number. */
export const parts: readonly Case[] = [
  ...inBothOrders({
    name: 'float16',
    place: holding(500, 'uint16'),
    type: 'FLOAT',
    visitor: { table: 'holding', type: 'float16' },
    shown: [
      { raw: String(0x3c00), twin: '1' },
      { raw: String(0xfbff), twin: '-65504' },
    ],
    wish: { twin: '0.5', raw: String(0x3800) },
  }),
  ...inBothOrders({
    name: 'bcd16',
    place: holding(501, 'uint16'),
    type: 'INT',
    visitor: { table: 'holding', type: 'bcd16' },
    shown: [
      { raw: String(0x9999), twin: '9999' },
      { raw: '0', twin: '0' },
    ],
    wish: { twin: '1234', raw: String(0x1234) },
  }),
  ...inBothOrders({
    name: 'bcd32-scaled',
    place: holding(502, 'uint32'),
    type: 'DOUBLE',
    visitor: { table: 'holding', type: 'bcd32', scale: 0.001 },
    shown: [
      { raw: String(0x99999999), twin: '99999.999' },
      { raw: '1', twin: '0.001' },
    ],
    wish: { twin: '12345.678', raw: String(0x12345678) },
  }),
  ...inBothOrders({
    name: 'fixed-point',
    place: holding(504, 'int16'),
    type: 'DOUBLE',
    visitor: { table: 'holding', type: 'int16', fractionBits: 8 },
    shown: [
      { raw: '384', twin: '1.5' },
      { raw: '-32768', twin: '-128' },
    ],
    wish: { twin: '-0.25', raw: '-64' },
  }),
  ...inBothOrders({
    name: 'bit-range',
    place: holding(505, 'uint16'),
    type: 'INT',
    visitor: { table: 'holding', type: 'uint16', bits: '4-7' },
    shown: [
      { raw: String(0x00f0), twin: '15' },
      { raw: String(0x1234), twin: '3' },
    ],
    wish: { twin: '5', raw: String(0x1254) },
  }),
  ...inBothOrders({
    name: 'bit',
    place: holding(506, 'uint16'),
    type: 'BOOLEAN',
    visitor: { table: 'holding', bit: 3 },
    shown: [
      { raw: String(0x0008), twin: 'true' },
      { raw: String(0xfff7), twin: 'false' },
    ],
    wish: { twin: 'true', raw: String(0xffff) },
  }),
  ...inBothOrders({
    name: 'bit-names',
    place: holding(507, 'uint16'),
    type: 'STRING',
    visitor: { table: 'holding', type: 'uint16', bitNames: '0=fault,1=running,4=door-open' },
    shown: [
      { raw: String(0x0011), twin: 'fault,door-open' },
      { raw: '0', twin: 'none' },
    ],
    wish: { twin: 'running', raw: '2' },
  }),
  {
    name: 'high-byte',
    place: holding(520, 'uint16'),
    type: 'INT',
    visitor: { table: 'holding', address: 520, type: 'int8', byte: 'high' },
    shown: [
      { raw: String(0x80ff), twin: '-128' },
      { raw: String(0x7f55), twin: '127' },
    ],
    wish: { twin: '-1', raw: String(0xff55) },
  },
  {
    name: 'low-byte',
    place: holding(521, 'uint16'),
    type: 'INT',
    visitor: { table: 'holding', address: 521, type: 'uint8', byte: 'low' },
    shown: [
      { raw: String(0x00ff), twin: '255' },
      { raw: String(0xaa00), twin: '0' },
    ],
    wish: { twin: '7', raw: String(0xaa07) },
  },
  {
    // The upper register is the value, the lower one the power of ten.
    name: 'scale-factor',
    place: holding(522, 'uint32'),
    type: 'DOUBLE',
    visitor: { table: 'holding', address: 522, type: 'int16', scaleFactorAddress: 523 },
    shown: [
      { raw: String(0x04d2ffff), twin: '123.4' },
      { raw: String(0x00050002), twin: '500' },
    ],
    wish: { twin: '700', raw: String(0x00070002) },
  },
  {
    name: 'bytes',
    place: holding(524, 'uint32'),
    type: 'BYTES',
    visitor: { table: 'holding', address: 524, type: 'bytes', length: 2 },
    shown: [
      { raw: String(0xdeadbeef), twin: 'deadbeef' },
      { raw: '1', twin: '00000001' },
    ],
    wish: { twin: '00ff10aa', raw: String(0x00ff10aa) },
  },
]
