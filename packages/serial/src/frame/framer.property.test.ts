import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Frame, Framer } from './frame.ts'
import { createFramer } from './framer.ts'
import { cutUp, streamOf, ways } from './specs.suite.ts'

const wayNames = Object.keys(ways)
const wayOf = (name: string) => {
  const way = ways[name]
  if (way === undefined) throw new Error(`no way ${name}`)
  return way
}

const payloadsOf = (frames: readonly Frame[]) =>
  frames.flatMap((frame) => (frame.good ? [Buffer.from(frame.payload).toString('hex')] : []))
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const readable = (frames: readonly Frame[]) =>
  frames.map((frame) => ({
    ...{ offset: frame.offset, atMs: frame.atMs, raw: hex(frame.raw) },
    ...(frame.good ? { payload: hex(frame.payload) } : { reason: frame.reason }),
  }))
/** All frames of a stream that comes in these pieces, and nothing after it. */
function read(framer: Framer, pieces: readonly Uint8Array[]): Frame[] {
  return [...pieces.flatMap((piece) => framer.push(piece, 0)), ...framer.finish(0)]
}
const some = { numRuns: 15 }

describe.each(wayNames)('%s', (name) => {
  const way = wayOf(name)
  const { spec, payload, marked, special } = way
  const { maxLength = 1024 } = spec

  test('what goes in comes out', () => {
    fc.assert(
      fc.property(payload, (bytes) => {
        const framer = createFramer(spec)
        const frame = framer.encode(bytes)
        expect(frame.length).toBeLessThanOrEqual(maxLength + 1)
        const frames = read(framer, [frame])
        expect(payloadsOf(frames)).toEqual([hex(bytes)])
        expect(framer.counters).toMatchObject({ good: 1, bytes: frame.length })
      }),
      some,
    )
  })

  test('one frame after the other comes out', () => {
    fc.assert(
      fc.property(fc.array(payload, { maxLength: 5 }), (payloads) => {
        const framer = createFramer(spec)
        const frames = payloads.flatMap((bytes, index) => [
          ...framer.push(framer.encode(bytes), index * 1000),
          ...(spec.type === 'gap' ? framer.flush(index * 1000 + 500) : []),
        ])
        frames.push(...framer.finish(1e6))
        expect(payloadsOf(frames)).toEqual(payloads.map(hex))
        expect(frames.filter(({ good }) => !good)).toEqual([])
      }),
      some,
    )
  })

  test('any stream is the same in any pieces, is all there, and is never kept for long', () => {
    const cuts = fc.array(fc.nat(10_000), { maxLength: 30 })
    fc.assert(
      fc.property(streamOf(way), cuts, fc.boolean(), (stream, places, midStream) => {
        const whole = read(createFramer(spec, { midStream }), [stream])
        const framer = createFramer(spec, { midStream })
        const pieces = cutUp(stream, places)
        const frames: Frame[] = []
        for (const piece of pieces) {
          frames.push(...framer.push(piece, 0))
          expect(framer.held).toBeLessThanOrEqual(maxLength)
        }
        frames.push(...framer.finish(0))
        expect(framer.held).toBe(0)
        expect(readable(frames)).toEqual(readable(whole))

        const bytewise = createFramer(spec, { midStream })
        const bytes = [...stream].map((byte) => Uint8Array.of(byte))
        expect(readable(read(bytewise, bytes))).toEqual(readable(whole))

        let end = 0
        for (const { raw, offset } of whole) {
          expect(offset).toBeGreaterThanOrEqual(end)
          // Only empty frames may be left out: nothing but delimiters.
          if (spec.type !== 'delimiter') {
            const left = [...stream.subarray(end, offset)].filter(
              (byte) => ![0, 0xc0].includes(byte),
            )
            expect(left).toEqual([])
          }
          expect(hex(raw)).toBe(hex(stream.subarray(offset, offset + raw.length)))
          expect(raw.length).toBeLessThanOrEqual(maxLength)
          end = offset + raw.length
        }
        const all = whole.reduce((sum, { raw }) => sum + raw.length, 0)
        const { bytes: came, good, bad, looks } = framer.counters
        expect(came).toBe(stream.length)
        expect(good + Object.values(bad).reduce((sum, count) => sum + count, 0)).toBe(whole.length)
        expect(all).toBeLessThanOrEqual(stream.length)
        expect(looks).toBeLessThanOrEqual((maxLength + 300) * (stream.length + 1))
      }),
      some,
    )
  })

  test('a frame is found after noise', () => {
    const noise = fc
      .array(fc.oneof(fc.constantFrom(...special), fc.nat(255)), { maxLength: 60 })
      .map((bytes) => Uint8Array.from(bytes))
    fc.assert(
      fc.property(payload, payload, noise, noise, (first, second, before, between) => {
        const framer = createFramer(spec)
        const frame = framer.encode(first)
        const other = framer.encode(second)
        // Silence is what ends noise where nothing marks a start.
        const silent = spec.gapMs !== undefined
        const ended = !silent && spec.type !== 'fixed' && !marked
        const rest = ended ? endOf(frame) : new Uint8Array(0)
        const frames = [before, rest, frame, between, rest, other].flatMap((piece, index) =>
          framer.push(piece, silent ? index * 100 : 0),
        )
        frames.push(...framer.finish(1000))
        const found = payloadsOf(frames)
        const certain = silent || ended || spec.checksum !== undefined
        if (certain) expect(found).toEqual(expect.arrayContaining([hex(first), hex(second)]))
        else expect(found.length).toBeGreaterThan(0)
      }),
      some,
    )
  })

  if (spec.checksum?.type.startsWith('CRC') !== true) return

  test('a frame that was hurt is never good', () => {
    fc.assert(
      fc.property(payload, fc.nat(100_000), (bytes, place) => {
        const framer = createFramer(spec)
        const frame = framer.encode(bytes)
        const bit = place % (8 * frame.length)
        frame[bit >> 3] = (frame[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        for (const found of read(framer, [frame])) {
          if (!found.good || hex(found.payload) === hex(bytes)) continue
          // The bytes that are left may be a frame with a right checksum of their own.
          expect(unended(framer.encode(found.payload))).toMatch(
            new RegExp(`${unended(found.raw)}$`),
          )
        }
      }),
      some,
    )
  })
})

/** The end of a frame, for noise that has to end before one. */
function endOf(frame: Uint8Array): Uint8Array {
  const [last = 0, before] = [frame.at(-1), frame.at(-2)]
  return before === 0x0d && last === 0x0a ? Uint8Array.of(0x0d, 0x0a) : Uint8Array.of(last)
}

/** A frame in hexadecimal; where several ends are possible, each is as good as the other. */
const unended = (frame: Uint8Array) => hex(frame).replace(/(?:0d)?0a$/, '')
