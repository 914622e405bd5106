import fc from 'fast-check'
import { parseBytes } from '../text/bytes-text.ts'
import { createFramer } from './framer.ts'
import type { FrameSpec, PlacedChecksum } from './frame-spec.ts'

/** Checksums as devices place them, each where it cannot be confused with anything else. */
export const checksums: Readonly<Record<string, PlacedChecksum | undefined>> = {
  none: undefined,
  crc: { type: 'CRC-16/MODBUS' },
  bigCrc: { type: 'CRC-32/ISO-HDLC', order: 'big' },
  small: { type: 'CRC-8/SMBUS' },
  text: { type: 'XOR', as: 'HEX', prefix: '*' },
  sum: { type: 'SUM-16', from: 1 },
}

/** A way of framing, and what is special in it for the tests. */
export interface Way {
  readonly spec: FrameSpec
  /** A start or a checksum tells frames from noise. */
  readonly marked: boolean
  /** Payloads that it can carry. */
  readonly payload: fc.Arbitrary<Uint8Array>
  /** Bytes that mean something in it. */
  readonly special: readonly number[]
}

const bytesOf = (special: readonly number[], min: number, max: number) =>
  fc
    .array(fc.oneof(fc.constantFrom(...special), fc.nat(255)), { minLength: min, maxLength: max })
    .map((bytes) => Uint8Array.from(bytes))

/** Any bytes but those. */
const bytesWithout = (without: string, min: number, max: number) => {
  const excluded = new Set(parseBytes(without))
  return fc
    .array(
      fc.nat(255).filter((byte) => !excluded.has(byte)),
      { minLength: min, maxLength: max },
    )
    .map((bytes) => Uint8Array.from(bytes))
}

const sized = { maxLength: 96 }

const transparent: Readonly<Record<string, { spec: FrameSpec; marked: boolean }>> = {
  'doubled DLE': {
    spec: {
      ...{ type: 'delimiter', start: '<DLE><STX>', end: '<DLE><ETX>', ...sized },
      escape: { byte: '<DLE>' },
    },
    marked: true,
  },
  'escaped by XOR': {
    spec: {
      ...{ type: 'delimiter', start: '<STX>', end: '<ETX>', ...sized },
      escape: { byte: '<ESC>', xor: 0x80, also: '<XON><XOFF>' },
    },
    marked: true,
  },
  'escaped end': {
    spec: {
      ...{ type: 'delimiter', end: ['<CR><LF>', '<LF>'], ...sized },
      escape: { byte: '\\\\' },
    },
    marked: false,
  },
  HDLC: {
    spec: {
      ...{ type: 'delimiter', start: '~', end: '~', ...sized },
      escape: { byte: '}', xor: 0x20 },
    },
    marked: false,
  },
  'hexadecimal text': {
    spec: { type: 'delimiter', start: ':', end: '\\r\\n', coding: 'hex', ...sized },
    marked: true,
  },
  'length of the rest': { spec: { type: 'length', offset: 0, gapMs: 10, ...sized }, marked: false },
  'length of the payload': {
    spec: {
      ...{ type: 'length', start: '<STX>', offset: 3, size: 2, order: 'little' },
      ...{ counts: 'payload', end: '<ETX>', ...sized },
    },
    marked: true,
  },
  'length of the frame': {
    spec: {
      ...{ type: 'length', start: 'hex:aa 55', offset: 2, size: 4, counts: 'frame' },
      ...{ adjust: 3, ...sized },
    },
    marked: true,
  },
  gap: { spec: { type: 'gap', gapMs: 10, ...sized }, marked: false },
  SLIP: { spec: { type: 'slip', ...sized }, marked: false },
  COBS: { spec: { type: 'cobs', ...sized }, marked: false },
}

const specials = [0, 2, 3, 0x10, 0x11, 0x1b, 0x0d, 0x0a, 0x2a, 0x3a, 0x5c, 0x7d, 0x7e, 0xc0, 0xdb]

/** Every way of framing with every checksum that it can have. */
export const ways: Readonly<Record<string, Way>> = Object.fromEntries(
  [...transparentWays(), ...plainWays()].map((way): [string, Way] => [way.name, way]),
)

function* transparentWays() {
  for (const [name, { spec, marked }] of Object.entries(transparent)) {
    for (const [kind, checksum] of Object.entries(checksums)) {
      yield {
        name: `${name}, checksum ${kind}`,
        spec: { ...spec, ...(checksum && { checksum }) },
        // A checksum tells frames apart only where they may begin at any byte.
        marked: marked || (checksum !== undefined && spec.type === 'length'),
        payload: bytesOf(specials, 2, 24),
        special: specials,
      }
    }
  }
}

function* plainWays() {
  const lines = { type: 'delimiter', end: '\\r\\n', ...sized } as const
  const special = specials
  const text = (without: string) => bytesWithout(without, 2, 30)
  const nmea = { type: 'XOR', as: 'HEX', prefix: '*' } as const
  const made: readonly (readonly [string, FrameSpec, boolean, fc.Arbitrary<Uint8Array>])[] = [
    ['lines', lines, false, text('\\r\\n')],
    ['sentences', { ...lines, start: '$', checksum: nmea }, true, text('$\\r\\n')],
    [
      'start alone',
      { type: 'delimiter', start: '<STX>', gapMs: 10, ...sized },
      true,
      text('<STX>'),
    ],
    [
      'checksum after the end',
      {
        ...{ type: 'delimiter', start: '<STX>', end: '<ETX>', ...sized },
        checksum: { type: 'XOR', afterEnd: true },
      },
      true,
      text('<STX><ETX>'),
    ],
    [
      'start as data',
      { type: 'delimiter', start: '!', startInside: 'data', end: '\\r', ...sized },
      true,
      text('\\r'),
    ],
    [
      'kept delimiters',
      { type: 'delimiter', start: '<STX>', end: '<ETX>', keepDelimiters: true, ...sized },
      true,
      text('<STX><ETX>').map((bytes) => Uint8Array.of(2, ...bytes, 3)),
    ],
    ['fixed', { type: 'fixed', length: 12, gapMs: 10 }, false, bytesOf(special, 12, 12)],
    [
      'fixed with start and checksum',
      { type: 'fixed', length: 12, start: 'hex:aa', checksum: { type: 'CRC-16/XMODEM' } },
      true,
      bytesOf([0xaa, ...special], 9, 9),
    ],
    [
      'fixed with a checksum in the head',
      { type: 'fixed', length: 12, checksum: { type: 'CRC-16/ARC', at: 2, from: 0 } },
      true,
      bytesOf(special, 10, 10),
    ],
    [
      'pattern',
      { type: 'pattern', pattern: '[+-][0-9]{1,5}\\.[0-9]kg\\r', ...sized },
      true,
      fc
        .tuple(fc.constantFrom('+', '-'), fc.nat(99_999), fc.nat(9))
        .map(([sign, whole, part]) => new TextEncoder().encode(`${sign}${whole}.${part}kg\r`)),
    ],
  ]
  for (const [name, spec, marked, payload] of made) yield { name, spec, marked, payload, special }
}

/** What a line may carry: frames, noise, and frames that were hurt on the way. */
export const streamOf = ({ spec, payload, special }: Way): fc.Arbitrary<Uint8Array> => {
  const { encode } = createFramer(spec)
  const frame = payload.map(encode)
  const hurt = fc
    .tuple(frame, fc.nat(1000), fc.nat(1000), fc.integer({ min: 1, max: 255 }))
    .map(([bytes, at, kind, flips]) => {
      const place = at % bytes.length
      const changed = bytes.slice()
      changed[place] = (changed[place] ?? 0) ^ flips
      if (kind % 3 === 0) return bytes.subarray(0, place)
      return kind % 3 === 1 ? bytes.subarray(place) : changed
    })
  const noise = bytesOf(special, 0, 40)
  const long = bytesOf(special, 100, 200)
  const part = fc.oneof(
    { arbitrary: frame, weight: 4 },
    { arbitrary: hurt, weight: 2 },
    { arbitrary: noise, weight: 2 },
    { arbitrary: long, weight: 1 },
  )
  return fc.array(part, { maxLength: 8 }).map((parts) => Uint8Array.from(Buffer.concat(parts)))
}

/** Cuts a stream at these places. */
export function cutUp(stream: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [...new Set([0, ...cuts.map((cut) => cut % (stream.length + 1)), stream.length])]
  places.sort((a, b) => a - b)
  return places.slice(1).map((place, index) => stream.subarray(places[index], place))
}
