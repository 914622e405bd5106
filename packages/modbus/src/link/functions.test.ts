import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { judge, yesLength } from './answer.ts'
import { crc16 } from './crc16.ts'
import { withCrc } from './fake-line.suite.ts'
import {
  anyAnswered,
  anyExchange,
  anyIdentification,
  anyMask,
  anyServerId,
} from './functions.suite.ts'
import { splitFrames } from './mbap.ts'
import {
  exchangeRequest,
  identificationRequest,
  pduAt,
  readOf,
  serverIdRequest,
  unitAt,
  type Request,
} from './pdu.ts'
import { findAnswer, longestFrame } from './rtu-frame.ts'

const never = () => false
const verdictOf = (request: Request, bytes: Uint8Array) => judge(request, bytes, 0, bytes.length)
const find = (request: Request, bytes: Uint8Array) => findAnswer([request], bytes, 0, bytes.length)

describe('the right answer', () => {
  it('is believed, with its data', () => {
    fc.assert(
      fc.property(anyAnswered, ({ request, bytes, data }) => {
        expect(verdictOf(request, bytes)).toEqual({ ok: true, data })
      }),
    )
  })
  it('tells its length as soon as it can be known, and never another one', () => {
    fc.assert(
      fc.property(anyAnswered, ({ request, bytes }) => {
        for (let end = 2; end <= bytes.length; end++) {
          const length = yesLength(request, bytes, 1, end, never)
          if (length !== undefined) expect(length).toBe(bytes.length - 1)
          else expect(end).toBeLessThan(bytes.length)
        }
      }),
    )
  })
  it('of 43/14 may be on a level below what was asked, never above', () => {
    const answerOn = (level: number) => Uint8Array.of(1, 43, 14, level, 0x81, 0, 0, 0)
    const request = identificationRequest(1, 2, 0, 247)
    const verdicts = [0, 1, 2, 3, 4].map((level) => 'ok' in verdictOf(request, answerOn(level)))
    expect(verdicts).toEqual([false, true, true, false, false])
  })
})

it('a list may count the objects of all answers together, if it ends behind one', () => {
  fc.assert(
    fc.property(
      anyIdentification,
      fc.integer({ min: 1, max: 90 }),
      fc.nat(80),
      ({ request, bytes }, more, cut) => {
        const there = bytes[7] ?? 0
        fc.pre(there > 0)
        const total = Uint8Array.from(bytes)
        total[7] = there + more
        const data = total.subarray(4)
        expect(verdictOf(request, total)).toEqual({ ok: true, data })
        const frame = withCrc(total)
        // One in 65536 lists has the checksum of its beginning right behind that.
        const ends = borders(bytes).slice(1, -1)
        fc.pre(!ends.some((at) => isFrame(frame.subarray(0, at + 2))))
        expect(find(request, frame)).toMatchObject({ start: 0, end: frame.length })
        // Anywhere else it is cut short.
        const last = borders(bytes).at(-2) ?? 0
        const short = total.subarray(0, total.length - cut)
        fc.pre(cut > 0 && short.length > last)
        expect(verdictOf(request, short)).toHaveProperty('anomaly')
      },
    ),
  )
})

/** Where the objects of a list begin, and where the last one ends. */
function borders(bytes: Uint8Array): readonly number[] {
  const found: number[] = []
  for (let at = 8; at < bytes.length; at += 2 + (bytes[at + 1] ?? 0)) found.push(at)
  return [...found, bytes.length]
}

const isFrame = (bytes: Uint8Array) =>
  Buffer.from(bytes).readUInt16LE(bytes.length - 2) === crc16(bytes, 0, bytes.length - 2)

it('an exception to 43/14 may repeat its type', () => {
  const request = identificationRequest(1, 1, 0, 247)
  for (const [bytes, exception] of [
    [[1, 0xab, 1], 1],
    [[1, 0xab, 14, 1], 1],
    [[1, 0xab, 14], 14],
  ] as const) {
    expect(verdictOf(request, Uint8Array.from(bytes))).toEqual({ ok: false, exception })
    const frame = withCrc(Uint8Array.from(bytes))
    for (let end = 1; end < frame.length; end++) {
      expect(find(request, frame.subarray(0, end))).toBeUndefined()
    }
    expect(find(request, frame)?.answer).toEqual({ ok: false, exception })
  }
  for (const bytes of [
    [1, 0xab, 13, 1],
    [1, 0xab, 14, 0],
    [1, 0xab, 14, 1, 1],
  ]) {
    expect(verdictOf(request, Uint8Array.from(bytes))).toHaveProperty('anomaly')
  }
  // No other function has a type.
  const bytes = Uint8Array.of(1, 17 | 0x80, 14, 1)
  expect(verdictOf(serverIdRequest(1, 247), bytes)).toHaveProperty('anomaly')
})

describe('a wrong answer is refused', () => {
  it('of any other length', () => {
    fc.assert(
      fc.property(anyAnswered, fc.nat(300), fc.nat(255), ({ request, bytes }, length, filler) => {
        fc.pre(length !== bytes.length)
        // A list may count objects that are in other answers: then it is whole behind each of its own.
        fc.pre(request.shape !== 'objects' || !borders(bytes).slice(1).includes(length))
        const changed = Uint8Array.from({ length }, (_, at) => bytes[at] ?? filler)
        expect(verdictOf(request, changed)).toHaveProperty('anomaly')
      }),
    )
  })
  it('with any byte of its head changed', () => {
    fc.assert(
      fc.property(
        fc.oneof(anyServerId, anyExchange, anyMask),
        fc.nat(2),
        fc.integer({ min: 1, max: 255 }),
        ({ request, bytes }, at, change) => {
          const changed = Uint8Array.from(bytes)
          changed[at] = (changed[at] ?? 0) ^ change
          fc.pre(!(at === 1 && change === 0x80))
          expect(verdictOf(request, changed)).toHaveProperty('anomaly')
        },
      ),
    )
  })
  it('with any byte of a mask confirmation changed', () => {
    fc.assert(
      fc.property(
        anyMask,
        fc.nat(7),
        fc.integer({ min: 1, max: 255 }),
        ({ request, bytes }, at, change) => {
          const changed = Uint8Array.from(bytes)
          changed[at] = (changed[at] ?? 0) ^ change
          expect(verdictOf(request, changed)).toHaveProperty('anomaly')
        },
      ),
    )
  })
  it('with fewer objects counted than there are, or without any of many', () => {
    fc.assert(
      fc.property(anyIdentification, fc.nat(255), ({ request, bytes }, count) => {
        const there = bytes[7] ?? 0
        fc.pre(count < there || (there === 0 && count > 0))
        const changed = Uint8Array.from(bytes)
        changed[7] = count
        expect(verdictOf(request, changed)).toHaveProperty('anomaly')
      }),
    )
  })
  it('when it is the request itself', () => {
    // Looks like four registers: 8 bytes behind a byte count of 8.
    const trap = exchangeRequest(
      1,
      { readAddress: 0x0c00, readCount: 6, writeAddress: 0, data: Uint8Array.of(1, 2, 3, 4) },
      247,
    )
    for (const request of [trap, identificationRequest(1, 1, 0, 247), serverIdRequest(1, 247)]) {
      const echo = request.adu.subarray(unitAt, request.adu.length - 2)
      expect(verdictOf(request, echo)).toHaveProperty('anomaly')
    }
    expect(trap.adu[pduAt + 1]).toBe(trap.answerLength - 2)
    expect(trap.adu.length - pduAt - 2).toBe(trap.answerLength)
  })
})

describe('on a serial line an answer', () => {
  it('is found when it is whole and not before, in any pieces', () => {
    fc.assert(
      fc.property(anyAnswered, ({ request, bytes, data }) => {
        const frame = Uint8Array.from(withCrc(bytes))
        for (let end = 1; end < frame.length; end++) {
          expect(find(request, frame.subarray(0, end))).toBeUndefined()
        }
        expect(find(request, frame)).toEqual({
          request,
          answer: { ok: true, data },
          start: 0,
          end: frame.length,
        })
      }),
    )
  })
  it('is found between noise that does not look like its beginning', () => {
    const noise = fc.array(fc.constantFrom(0, 0xff, 0xfe), { maxLength: 20 })
    fc.assert(
      fc.property(anyAnswered, noise, noise, ({ request, bytes }, before, behind) => {
        const frame = withCrc(bytes)
        const found = find(request, Uint8Array.of(...before, ...frame, ...behind))
        expect([found?.start, found?.end]).toEqual([before.length, before.length + frame.length])
      }),
    )
  })
  it('is not found with up to three flipped bits', () => {
    fc.assert(
      fc.property(
        anyAnswered,
        fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
        ({ request, bytes }, flips) => {
          const frame = withCrc(bytes)
          for (const place of new Set(flips.map((flip) => flip % (8 * frame.length)))) {
            frame[place >> 3] = (frame[place >> 3] ?? 0) ^ (1 << (place & 7))
          }
          const found = find(request, frame)
          // A flipped byte count moves the end, where a CRC that fits is a chance of 1 in 65536.
          if (found !== undefined) expect(found.end).not.toBe(frame.length)
        },
      ),
      { numRuns: 500 },
    )
  })
  it('that is wrong in itself is not found, though its CRC is right', () => {
    fc.assert(
      fc.property(
        anyAnswered,
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        fc.nat(3),
        ({ request, bytes }, place, change, cut) => {
          const wrong = Uint8Array.from(bytes.subarray(0, bytes.length - cut))
          const at = place % wrong.length
          if (cut === 0) wrong[at] = (wrong[at] ?? 0) ^ change
          fc.pre('anomaly' in verdictOf(request, wrong))
          const found = find(request, withCrc(wrong))
          expect(found?.end).not.toBe(wrong.length + 2)
        },
      ),
    )
  })
  it('is never longer than a frame can be, whatever it announces', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 260, maxLength: 600 }), (garbage) => {
        for (const request of [identificationRequest(1, 3, 0, 247), serverIdRequest(1, 247)]) {
          const head = [1, request.functionCode, ...(request.functionCode === 43 ? [14, 3] : [])]
          const bytes = Uint8Array.of(...head, ...garbage)
          const length = yesLength(request, bytes, 1, bytes.length, never)
          expect(length).toBeLessThanOrEqual(longestFrame - 3)
          const found = find(request, bytes)
          if (found !== undefined) {
            expect(crc16(bytes, found.start, found.end)).toBe(0)
            expect(found.end - found.start).toBeLessThanOrEqual(longestFrame)
          }
        }
      }),
    )
  })
  it('does not hide the answer to another request behind it', () => {
    fc.assert(
      fc.property(fc.oneof(anyIdentification, anyServerId), ({ request, bytes }) => {
        const frame = withCrc(bytes)
        const read = readOf(request.unit, 3, 0, 1)
        const next = withCrc(Uint8Array.of(request.unit, 3, 2, 0, 7))
        const both = Uint8Array.of(...frame, ...next)
        const first = findAnswer([read, request], both, 0, both.length)
        expect(first?.request).toBe(request)
        expect(findAnswer([read, request], both, first?.end ?? 0, both.length)?.request).toBe(read)
      }),
    )
  })
})

it('passes through the envelope of Modbus TCP, however it is cut', () => {
  fc.assert(
    fc.property(anyAnswered, fc.nat(), ({ request, bytes, data }, place) => {
      const head = Buffer.alloc(6)
      head.writeUInt16BE(7, 0)
      head.writeUInt16BE(bytes.length, 4)
      const frame = Buffer.concat([head, bytes])
      const cut = 1 + (place % (frame.length - 1))
      const expected = { inFlight: new Set([7]), owed: new Set<number>() }
      expect(splitFrames(frame.subarray(0, cut), expected)).toMatchObject({ frames: [] })
      const split = splitFrames(frame, expected, [cut])
      if ('anomaly' in split) throw new Error(split.anomaly)
      expect(split.frames).toHaveLength(1)
      const answer = judge(request, frame, 6, frame.length)
      expect('ok' in answer && answer.ok && Buffer.from(answer.data).equals(data)).toBe(true)
    }),
  )
})
