import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { asciiFrame, asciiFraming, lrcOf, nextAsciiFrame } from './ascii-frame.ts'
import type { Found } from './framing.ts'
import { readOf, writeCoilsRequest, writeRegistersRequest, type Request } from './pdu.ts'

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1')
const bytes = (characters: string) => Buffer.from(characters, 'latin1')
const find = (requests: readonly Request[], all: Uint8Array, start = 0) =>
  asciiFraming.find(requests, all, start, all.length)

const bodies = fc.uint8Array({ minLength: 2, maxLength: 254 })
const units = fc.integer({ min: 1, max: 247 })
const reads = fc
  .record({ unit: units, code: fc.constantFrom(3, 4), count: fc.integer({ min: 1, max: 125 }) })
  .map(({ unit, code, count }) => readOf(unit, code, 100, count))
/** A right answer of a device whose registers hold `fill`. */
const answerTo = ({ unit, functionCode, answerLength }: Request, fill: number) =>
  asciiFrame(
    Uint8Array.from([
      unit,
      functionCode,
      answerLength - 2,
      ...new Uint8Array(answerLength - 2).fill(fill),
    ]),
  )

describe('an ASCII frame', () => {
  it('is what the specification shows', () => {
    // Modbus application protocol, 6.3: registers 108 … 110 of unit 17, sent as ASCII.
    expect(text(asciiFraming.encode(readOf(17, 3, 0x6b, 3)))).toBe(':1103006B00037E\r\n')
    const request = readOf(17, 3, 0x6b, 3)
    const answer = asciiFrame(Uint8Array.of(17, 3, 6, 2, 0x2b, 0, 0, 0, 0x64))
    expect(text(answer)).toBe(':110306022B0000006455\r\n')
    expect(find([request], answer)).toEqual({
      request,
      answer: { ok: true, data: Buffer.of(2, 0x2b, 0, 0, 0, 0x64) },
      start: 0,
      end: answer.length,
    })
    expect(asciiFraming.answerLength(request)).toBe(answer.length)
  })

  it('is as long as it says, and the longest fits', () => {
    fc.assert(
      fc.property(reads, fc.nat(255), (request, fill) => {
        expect(asciiFraming.answerLength(request)).toBe(answerTo(request, fill).length)
      }),
    )
    const most = writeRegistersRequest(1, 0, new Uint8Array(246), 247)
    expect(asciiFraming.encode(most).length).toBeLessThanOrEqual(asciiFraming.longest)
    expect(asciiFrame(new Uint8Array(254)).length).toBe(asciiFraming.longest)
  })

  it('comes back as it went, in capital or small letters, with anything around it', () => {
    const noise = fc.string({ maxLength: 40 }).map((some) => bytes(some.replaceAll(':', '')))
    fc.assert(
      fc.property(bodies, noise, noise, fc.boolean(), (body, before, behind, small) => {
        const frame = asciiFrame(body)
        const sent = small ? bytes(text(frame).toLowerCase()) : frame
        const all = Buffer.concat([before, sent, behind])
        const found = nextAsciiFrame(all, 0, all.length)
        expect(found).toEqual({
          body: Buffer.from(body),
          start: before.length,
          end: before.length + frame.length,
        })
      }),
    )
  })

  it('whose checksum is wrong is none', () => {
    fc.assert(
      fc.property(bodies, fc.nat(), fc.integer({ min: 1, max: 15 }), (body, place, by) => {
        const frame = asciiFrame(body)
        // One digit becomes another one.
        const at = 1 + (place % (frame.length - 3))
        const digit = parseInt(String.fromCharCode(frame[at] ?? 0), 16) ^ by
        frame[at] = digit.toString(16).toUpperCase().charCodeAt(0)
        expect(nextAsciiFrame(frame, 0, frame.length)).toBeUndefined()
      }),
    )
    expect(lrcOf(Uint8Array.of(0xf7, 3, 0x13, 0x89, 0, 0x0a))).toBe(0x60)
  })

  it.each([
    ['another character', ':1103006B00G37E\r\n'],
    ['half a byte', ':1103006B00037\r\n'],
    ['no line feed', ':1103006B00037E\r '],
    ['only a line feed', ':1103006B00037E\n '],
    ['a space', ':1103006B 00037E\r\n'],
    ['nothing in it', ':\r\n'],
    ['a unit alone', ':11EF\r\n'],
    ['no end where one must be', `:${'00'.repeat(300)}`],
  ])('with %s is none', (_, characters) => {
    const all = bytes(characters)
    expect(nextAsciiFrame(all, 0, all.length)).toBeUndefined()
  })

  it('that has only begun is waited for, unless another one begins', () => {
    const frame = asciiFrame(Uint8Array.of(17, 3, 2, 0, 5))
    for (let length = 1; length < frame.length; length++) {
      expect(nextAsciiFrame(frame, 0, length)).toBe('begun')
      const cut = Buffer.concat([frame.subarray(0, length), frame])
      expect(nextAsciiFrame(cut, 0, cut.length)).toMatchObject({ start: length, end: cut.length })
    }
    expect(nextAsciiFrame(frame, 0, 0)).toBeUndefined()
  })
})

describe('the answer to a request', () => {
  const request = readOf(5, 3, 100, 2)
  it.each<[string, Uint8Array]>([
    ['of another unit', Uint8Array.of(6, 3, 4, 1, 2, 3, 4)],
    ['of another function', Uint8Array.of(5, 4, 4, 1, 2, 3, 4)],
    ['with another count', Uint8Array.of(5, 3, 2, 1, 2, 3, 4)],
    ['that is shorter', Uint8Array.of(5, 3, 4, 1, 2, 3)],
    ['that is longer', Uint8Array.of(5, 3, 4, 1, 2, 3, 4, 5)],
    ['that is the request', Uint8Array.of(5, 3, 0, 100, 0, 2)],
    ['that is a long exception', Uint8Array.of(5, 0x83, 2, 0)],
  ])('is not one %s; the right one behind it is', (_, body) => {
    const wrong = asciiFrame(body)
    expect(find([request], wrong)).toBeUndefined()
    const all = Buffer.concat([wrong, answerTo(request, 7)])
    expect(find([request], all)).toMatchObject({ start: wrong.length, end: all.length })
  })
  it('may be no', () => {
    const no = asciiFrame(Uint8Array.of(5, 0x83, 2))
    expect(find([request], no)?.answer).toEqual({ ok: false, exception: 2 })
  })
  it('to a write repeats it', () => {
    const write = writeCoilsRequest(5, 9, [true], 247)
    const echo = asciiFraming.encode(write)
    expect(find([write], echo)?.answer).toEqual({ ok: true, data: new Uint8Array(0) })
    const other = asciiFraming.encode(writeCoilsRequest(5, 8, [true], 247))
    expect(find([write], other)).toBeUndefined()
  })
})

it('any chunking of anything gives the same answers', () => {
  const requests = [readOf(1, 3, 0, 1), readOf(1, 3, 0, 2), readOf(2, 4, 0, 1)] as const
  const part = fc.oneof(
    fc.record({ to: fc.nat(2), fill: fc.nat(255) }).map(({ to, fill }) => {
      const request = requests[to as 0 | 1 | 2]
      return answerTo(request, fill)
    }),
    // Broken ones of all kinds, and bytes that look like parts of one.
    fc
      .record({ fill: fc.nat(255), cut: fc.integer({ min: 1, max: 12 }), head: fc.boolean() })
      .map(({ fill, cut, head }) => {
        const frame = answerTo(requests[0], fill)
        return head ? frame.subarray(0, -cut) : frame.subarray(cut)
      }),
    fc.string({ unit: fc.constantFrom(':', '0', 'F', 'a', '\r', '\n', 'G', '\0') }).map(bytes),
    fc.uint8Array({ maxLength: 20 }).map((some) => Buffer.from(some)),
  )
  /** All answers, when the bytes come in these pieces and each is taken out as soon as it is there. */
  const answers = (pieces: readonly Uint8Array[]) => {
    const found: [Request, Found['answer']][] = []
    let pending = Buffer.alloc(0)
    for (const piece of pieces) {
      pending = Buffer.concat([pending, piece])
      let one
      while ((one = find(requests, pending)) !== undefined) {
        found.push([one.request, one.answer])
        pending = pending.subarray(one.end)
      }
    }
    return found
  }
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 9 }),
      (parts, sizes) => {
        const all = Buffer.concat(parts)
        const pieces: Uint8Array[] = []
        for (let at = 0, turn = 0; at < all.length; turn++) {
          const size = sizes[turn % sizes.length] ?? 1
          pieces.push(all.subarray(at, at + size))
          at += size
        }
        const whole = answers([all])
        expect(answers(pieces)).toEqual(whole)
        expect(answers([...all].map((byte) => Uint8Array.of(byte)))).toEqual(whole)
      },
    ),
    { numRuns: 400 },
  )
})
