import { Buffer } from 'node:buffer'
import { describe, expect, it } from 'vitest'
import type { FrameSpec } from './frame-spec.ts'
import { createFramer } from './framer.ts'
import { ways } from './specs.suite.ts'

const million = 1_000_000

/** What a hostile device may send without end: what a way of framing takes longest to see through. */
const floods: Readonly<Record<string, (length: number) => Uint8Array>> = {
  zeros: (length) => new Uint8Array(length),
  starts: (length) => new Uint8Array(length).fill(2),
  escapes: (length) => new Uint8Array(length).fill(0x10),
  'high bytes': (length) => new Uint8Array(length).fill(0xff),
  'lengths that promise much': (length) => new Uint8Array(length).fill(90),
  'half a frame, again and again': (length) =>
    Uint8Array.from(
      Buffer.alloc(length, Buffer.from([0xaa, 0x55, 0x10, 2, 0, 60, 0x3a, 0x24, 0x2b])),
    ),
  'all bytes': (length) => Uint8Array.from({ length }, (_, index) => (index * 7919) >> 3),
}

/** The ways that differ in how they look for frames. */
const chosen = [
  ...['doubled DLE, checksum crc', 'escaped by XOR, checksum none', 'escaped end, checksum text'],
  ...['HDLC, checksum crc', 'hexadecimal text, checksum small', 'length of the rest, checksum crc'],
  ...['length of the payload, checksum none', 'length of the frame, checksum bigCrc'],
  ...['gap, checksum crc', 'SLIP, checksum none', 'COBS, checksum crc', 'sentences', 'pattern'],
  ...['start alone', 'start as data', 'fixed', 'fixed with a checksum in the head'],
]
const specOf = (name: string): FrameSpec => {
  const way = ways[name]
  if (way === undefined) throw new Error(`no way ${name}`)
  return way.spec
}

describe.each(chosen)('a flood of bytes for %s', (name) => {
  const spec = specOf(name)
  it.each(Object.keys(floods))('of %s costs no more for each byte the longer it gets', (kind) => {
    const costs = [4000, 16_000].map((length) => {
      const framer = createFramer(spec)
      const flood = floods[kind]?.(length) ?? new Uint8Array(0)
      for (let at = 0; at < length; at += 100) {
        framer.push(flood.subarray(at, at + 100), 0)
        expect(framer.held).toBeLessThanOrEqual(spec.maxLength ?? 1024)
      }
      return framer.counters.looks / length
    })
    const [short = 0, long = 0] = costs
    expect(long).toBeGreaterThan(0)
    expect(long).toBeLessThanOrEqual(short * 1.1 + 1)
    expect(long).toBeLessThanOrEqual(300)
  })
})

it.each<FrameSpec>([
  { type: 'delimiter', start: '<STX>', end: '<ETX>' },
  { type: 'delimiter', end: '\\r\\n' },
  { type: 'gap' },
  { type: 'slip' },
  { type: 'cobs' },
  { type: 'pattern', pattern: 'x+y' },
  { type: 'length', start: '<STX>', offset: 1, size: 2 },
])('a megabyte without an end is not kept: %j', (spec) => {
  const framer = createFramer(spec)
  const piece = Buffer.alloc(10_000, 'a')
  let seen = 0
  framer.push(Uint8Array.of(2), 0)
  for (let at = 0; at < million; at += piece.length) {
    for (const { good, raw } of framer.push(piece, 0)) {
      expect(good).toBe(false)
      expect(raw.length).toBeLessThanOrEqual(1024)
      seen += raw.length
    }
    expect(framer.held).toBeLessThanOrEqual(1024)
  }
  for (const { raw } of framer.finish(1)) seen += raw.length
  expect(seen).toBe(million + 1)
})

describe('the longest frames that a spec may allow', () => {
  const spec: FrameSpec = {
    ...{ type: 'length', offset: 0, size: 2, maxLength: 65_536, gapMs: 10 },
    checksum: { type: 'CRC-32C' },
  }

  it('cannot make each byte cost as much as a frame', () => {
    const framer = createFramer(spec)
    const length = 400_000
    // Each pair of bytes promises 28784 bytes.
    const flood = new Uint8Array(length).fill(0x70)
    framer.push(flood, 0)
    framer.finish(1)
    expect(framer.counters.looks).toBeLessThanOrEqual(4_194_304 + 300 * length)
  })

  it('still carry frames afterwards', () => {
    const framer = createFramer(spec)
    framer.push(new Uint8Array(400_000).fill(0x70), 0)
    const frame = framer.encode(Buffer.from('still here'))
    const frames = framer.push(frame, 100)
    expect(frames.filter(({ good }) => good)).toHaveLength(1)
    expect(frames.at(-1)).toMatchObject({ good: true, offset: 400_000 })
  })
})

it('a hostile pattern is harmless', () => {
  const framer = createFramer({ type: 'pattern', pattern: '(a+)+x' })
  framer.push(Buffer.alloc(50_000, 'a'), 0)
  expect(framer.counters.good).toBe(0)
  expect(framer.push(Buffer.from('x'), 0)).toMatchObject([{ good: true }])
})
