import type { Value } from '@mapper-sdk/core'
import type { DataTypeName } from './config/visitor.ts'

/**
 * What the nodes of a type show at the start, and what else they can be written as and show then. Numbers
 * that are none are written as texts.
 */
export interface TypeCase {
  readonly scalar: Value
  /** The ends of the range among them. Each is shown as it is written. */
  readonly others: readonly Value[]
  /** The JSON text of an array of three. */
  readonly array: string
  readonly otherArray: string
}

const bytes = (...all: number[]) => Uint8Array.from(all)
const guids = [
  '72962B91-FA75-4AE6-8D28-B404DC7DAF63',
  '00000000-0000-0000-0000-000000000000',
  'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF',
] as const

/** Of `Scalars.TYPE` and `Arrays.TYPE` of our simulator and of the server by asyncua. */
export const typeCases: Readonly<Record<DataTypeName, TypeCase>> = {
  Boolean: {
    ...{ scalar: true, others: [false, true] },
    ...{ array: '[true,false,true]', otherArray: '[false]' },
  },
  SByte: {
    ...{ scalar: -8, others: [-128, 127, 0] },
    ...{ array: '[-8,-128,127]', otherArray: '[127,-128,0,1]' },
  },
  Byte: {
    ...{ scalar: 200, others: [0, 255] },
    ...{ array: '[200,0,255]', otherArray: '[255,0]' },
  },
  Int16: {
    ...{ scalar: -16_000, others: [-32_768, 32_767] },
    ...{ array: '[-16000,-32768,32767]', otherArray: '[32767,-32768]' },
  },
  UInt16: {
    ...{ scalar: 60_000, others: [0, 65_535] },
    ...{ array: '[60000,0,65535]', otherArray: '[65535,0]' },
  },
  Int32: {
    ...{ scalar: -2_000_000_000, others: [-2_147_483_648, 2_147_483_647] },
    ...{ array: '[-2000000000,-2147483648,2147483647]', otherArray: '[2147483647,-2147483648]' },
  },
  UInt32: {
    ...{ scalar: 4_000_000_000, others: [0, 4_294_967_295] },
    ...{ array: '[4000000000,0,4294967295]', otherArray: '[4294967295,0]' },
  },
  Int64: {
    scalar: -9_007_199_254_740_993n,
    others: [-9_223_372_036_854_775_808n, 9_223_372_036_854_775_807n, -1],
    array: '[-9007199254740993,-9223372036854775808,9223372036854775807]',
    otherArray: '[9223372036854775807,-9223372036854775808,-1,4294967296]',
  },
  UInt64: {
    scalar: 18_446_744_073_709_551_615n,
    others: [0, 9_007_199_254_740_993n, 18_446_744_073_709_551_615n],
    array: '[18446744073709551615,0,9007199254740993]',
    otherArray: '[9007199254740993,18446744073709551615]',
  },
  Float: {
    scalar: 1.5,
    others: [0.1, -3.4028235e38, 1e-45, NaN, Infinity, -Infinity, -0],
    ...{ array: '[1.5,-2.25,0]', otherArray: '[0.1,"NaN","-Infinity",-3.4028235e+38]' },
  },
  Double: {
    scalar: -0.1,
    others: [Number.MAX_VALUE, 5e-324, 0.1 + 0.2, NaN, Infinity, -Infinity, -0],
    ...{ array: '[-0.1,1e+300,5e-324]', otherArray: '[0.30000000000000004,"NaN","Infinity",-0]' },
  },
  String: {
    scalar: 'Grüße, 世界',
    others: ['', ' a\n"b" ', '[1,2]', '𝄞', 'x'.repeat(10_000)],
    ...{ array: '["Grüße, 世界","","a,b;c"]', otherArray: '["[1]","\\"","𝄞"]' },
  },
  DateTime: {
    scalar: '2024-02-29T12:34:56.789Z',
    others: ['1970-01-01T00:00:00.000Z', '1601-01-01T00:00:00.001Z', '9999-12-30T23:59:59.999Z'],
    array: '["2024-02-29T12:34:56.789Z","1970-01-01T00:00:00.000Z","2100-01-01T00:00:00.000Z"]',
    otherArray: '["2000-02-29T23:59:59.999Z","1899-12-31T00:00:00.000Z"]',
  },
  Guid: {
    ...{ scalar: guids[0], others: [guids[1], guids[2]] },
    ...{ array: JSON.stringify(guids), otherArray: JSON.stringify(guids.slice(1)) },
  },
  ByteString: {
    scalar: bytes(0, 1, 254, 255),
    others: [bytes(), bytes(0), new Uint8Array(5_000).fill(7)],
    ...{ array: '["AAH+/w==","","QQ=="]', otherArray: '["/w==","AAAA"]' },
  },
  XmlElement: {
    ...{ scalar: '<a b="c">d</a>', others: ['<e/>', '<f>ü</f>'] },
    ...{ array: '["<a b=\\"c\\">d</a>","<e/>","<f>g</f>"]', otherArray: '["<h/>"]' },
  },
  NodeId: {
    scalar: 'ns=1;s=abc;=d',
    others: ['i=2258', 'ns=2;i=4294967295', `ns=1;g=${guids[0]}`, 'ns=5;b=AAH+/w=='],
    array: '["ns=1;s=abc;=d","i=2258","ns=2;i=4294967295"]',
    otherArray: '["i=1","ns=65535;s= ü;="]',
  },
  ExpandedNodeId: {
    scalar: 'ns=1;i=5',
    others: ['i=84', 'ns=2;s=x'],
    ...{ array: '["ns=1;i=5","i=84","ns=2;s=x"]', otherArray: '["i=7"]' },
  },
  StatusCode: {
    ...{ scalar: 'BadOutOfService', others: ['Good', 'UncertainInitialValue'] },
    array: '["BadOutOfService","Good","UncertainInitialValue"]',
    otherArray: '["BadNodeIdUnknown"]',
  },
  QualifiedName: {
    ...{ scalar: '1:speed', others: ['plain', '3:a:b', '65535:ü'] },
    ...{ array: '["1:speed","","2:a:b"]', otherArray: '["2:x","y"]' },
  },
  LocalizedText: {
    ...{ scalar: 'Drehzahl', others: ['', 'vitesse', '速度'] },
    ...{ array: '["Drehzahl","speed","x"]', otherArray: '["a",""]' },
  },
}

export const typeNames = Object.keys(typeCases) as DataTypeName[]

/** Numbers that are none are written as texts; a number that came out as one is refused. */
export const writable = (value: Value): Value =>
  typeof value === 'number' && !Number.isFinite(value) ? String(value) : value

/** Also of bytes, NaN and -0. */
export function same(a: unknown, b: unknown): boolean {
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.from(a).equals(b)
  return Object.is(a, b)
}
