import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { splitFrames } from './mbap.ts'

const frame = (id: number, pdu: Uint8Array) => {
  const bytes = Buffer.alloc(7 + pdu.length)
  bytes.writeUInt16BE(id, 0)
  bytes.writeUInt16BE(1 + pdu.length, 4)
  bytes[6] = 1
  bytes.set(pdu, 7)
  return bytes
}
const only = (...ids: number[]) => ({ inFlight: new Set(ids), owed: new Set<number>() })
const everything = { has: () => true, keys: () => [], size: 1000 }
const pdu = fc.uint8Array({ minLength: 1, maxLength: 253 })
const stream = fc.array(fc.tuple(fc.integer({ min: 1, max: 0xffff }), pdu), { maxLength: 6 })

it('finds every whole frame of any stream, wherever it is cut', () => {
  fc.assert(
    fc.property(stream, fc.nat(1600), (frames, cut) => {
      const all = Buffer.concat(frames.map(([id, data]) => frame(id, data)))
      const known = new Set(frames.map(([id]) => id))
      const bytes = all.subarray(0, cut)
      const split = splitFrames(bytes, only(...known))
      if ('anomaly' in split) throw new Error(split.anomaly)
      let at = 0
      const whole = frames.filter(([, data]) => (at += 7 + data.length) <= bytes.length)
      expect(split.frames.map(({ id }) => id)).toEqual(whole.map(([id]) => id))
      for (const [index, { start, end }] of split.frames.entries()) {
        expect(bytes.subarray(start + 1, end).equals(whole[index]?.[1] ?? Buffer.alloc(0))).toBe(
          true,
        )
      }
      expect(split.rest).toBe(whole.reduce((sum, [, data]) => sum + 7 + data.length, 0))
    }),
  )
})

it('never throws on garbage, and never goes on behind a wrong header', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (garbage) => {
      const split = splitFrames(Buffer.from(garbage), { inFlight: everything, owed: new Set() })
      if ('anomaly' in split) return
      for (const { start, end } of split.frames) expect(end - start).toBeGreaterThanOrEqual(2)
      expect(split.rest).toBeLessThanOrEqual(garbage.length)
    }),
  )
})

it.each([
  ['an unknown id', '0002'],
  ['another protocol', '0001dead'],
  ['length 1', '000100000001'],
  ['length 255', '0001000000ff'],
  ['length 65535', '00010000ffff'],
  ['a second frame that is wrong', '0001000000020101' + '0001000100020101'],
])('refuses %s as soon as it can be seen', (_, hex) => {
  expect(splitFrames(Buffer.from(hex, 'hex'), only(1))).toHaveProperty('anomaly')
})

describe('a frame that was cut short and filled up by the next one is never believed', () => {
  const twoFrames = fc.tuple(
    fc.integer({ min: 1, max: 0xffff }),
    fc.uint8Array({ minLength: 2, maxLength: 60 }),
    fc.integer({ min: 1, max: 0xffff }),
    fc.uint8Array({ minLength: 2, maxLength: 60 }),
    fc.integer({ min: 1, max: 70 }),
  )
  /** What was taken for a frame of transaction `id`, when the bytes come in such pieces. */
  function believed(pieces: readonly Buffer[], id: number, other: number): boolean {
    let bytes: Buffer = Buffer.alloc(0)
    const cuts: number[] = []
    for (const piece of pieces) {
      cuts.push(bytes.length)
      bytes = Buffer.concat([bytes, piece])
      const split = splitFrames(bytes, only(id, other), cuts)
      if ('anomaly' in split) return false
      if (split.frames.some((each) => each.id === id)) return true
    }
    return false
  }
  it.each([
    ['in one piece', (cut: Buffer, next: Buffer) => [Buffer.concat([cut, next])]],
    ['one after the other', (cut: Buffer, next: Buffer) => [cut, next]],
    [
      'byte by byte',
      (cut: Buffer, next: Buffer) => [cut, ...[...next].map((byte) => Buffer.of(byte))],
    ],
  ])('%s', (_, pieces) => {
    fc.assert(
      fc.property(twoFrames, ([id, first, other, second, missing]) => {
        const whole = frame(id, first)
        fc.pre(id !== other && missing <= first.length)
        const cut = whole.subarray(0, whole.length - missing)
        const next = frame(other, second)
        // Too short to fill it up: then nothing is whole.
        expect(believed(pieces(cut, next), id, other)).toBe(false)
      }),
      { numRuns: 1000 },
    )
  })
  it('while whole ones are, once the next header is there', () => {
    fc.assert(
      fc.property(twoFrames, ([id, first, other, second]) => {
        fc.pre(id !== other)
        const all = Buffer.concat([frame(id, first), frame(other, second)])
        expect(
          believed(
            [...all].map((byte) => Buffer.of(byte)),
            id,
            other,
          ),
        ).toBe(true)
      }),
    )
  })
})
