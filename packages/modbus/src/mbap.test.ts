import fc from 'fast-check'
import { expect, it } from 'vitest'
import { splitFrames } from './mbap.ts'

const frame = (id: number, pdu: Uint8Array) => {
  const bytes = Buffer.alloc(7 + pdu.length)
  bytes.writeUInt16BE(id, 0)
  bytes.writeUInt16BE(1 + pdu.length, 4)
  bytes[6] = 1
  bytes.set(pdu, 7)
  return bytes
}
const pdu = fc.uint8Array({ minLength: 1, maxLength: 253 })
const stream = fc.array(fc.tuple(fc.nat(0xffff), pdu), { maxLength: 6 })

it('finds every whole frame of any stream, wherever it is cut', () => {
  fc.assert(
    fc.property(stream, fc.nat(1600), (frames, cut) => {
      const all = Buffer.concat(frames.map(([id, data]) => frame(id, data)))
      const known = new Set(frames.map(([id]) => id))
      const bytes = all.subarray(0, cut)
      const split = splitFrames(bytes, (id) => known.has(id))
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
      const split = splitFrames(Buffer.from(garbage), () => true)
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
  expect(splitFrames(Buffer.from(hex, 'hex'), (id) => id === 1)).toHaveProperty('anomaly')
})

it('sees that a frame was cut short and filled up by the next one', () => {
  for (let missing = 1; missing < 5; missing++) {
    const bytes = Buffer.concat([
      frame(1, Buffer.of(3, 2, 0, 7)).subarray(0, 11 - missing),
      frame(2, Buffer.of(3, 2, 0, 8)),
    ])
    expect(splitFrames(bytes, (id) => id === 1 || id === 2)).toHaveProperty('anomaly')
  }
})
