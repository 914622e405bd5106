import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crc16 } from './crc16.ts'
import { readOf, readRequest, rtuFrame, writeRegistersRequest, type Request } from './pdu.ts'
import { afterEcho, isLineNoise } from './framing.ts'
import { findAnswer } from './rtu-frame.ts'

const withCrc = (...bytes: number[]) => {
  const crc = crc16(Uint8Array.from(bytes))
  return Uint8Array.of(...bytes, crc & 0xff, crc >> 8)
}
const answerTo = (request: Request, fill: (at: number) => number) =>
  withCrc(
    request.unit,
    request.functionCode,
    request.answerLength - 2,
    ...Array.from({ length: request.answerLength - 2 }, (_, at) => fill(at) & 0xff),
  )
const find = (requests: Request[], bytes: Uint8Array) =>
  findAnswer(requests, bytes, 0, bytes.length)

const anyExchange = fc
  .tuple(
    fc.integer({ min: 1, max: 247 }),
    fc.constantFrom(3, 4),
    fc.integer({ min: 1, max: 125 }),
    fc.nat(),
  )
  .map(([unit, functionCode, count, seed]) => {
    const request = readOf(unit, functionCode, 100, count)
    return { request, bytes: answerTo(request, (at) => seed >> (at % 24)) }
  })

describe('an answer is found', () => {
  it('only when it is whole', () => {
    fc.assert(
      fc.property(anyExchange, fc.nat(260), ({ request, bytes }, cut) => {
        const found = find([request], bytes.subarray(0, cut))
        if (cut < bytes.length) expect(found).toBeUndefined()
        else expect(found?.answer.ok).toBe(true)
      }),
    )
  })
  it('behind noise that does not look like its beginning', () => {
    const noise = fc.array(fc.constantFrom(0, 0xff, 0xfe), { maxLength: 8 })
    fc.assert(
      fc.property(anyExchange, noise, ({ request, bytes }, before) => {
        const found = find([request], Uint8Array.of(...before, ...bytes))
        expect(found?.start).toBe(before.length)
      }),
    )
  })
  it('behind noise that does look like its beginning', () => {
    const request = readRequest(1, 'holding', 0, 1, 247)
    const bytes = answerTo(request, () => 7)
    expect(find([request], Uint8Array.of(1, 3, 2, ...bytes))?.start).toBe(3)
    expect(find([request], Uint8Array.of(1, ...bytes))?.start).toBe(1)
  })
  it('for an older request too, with the same check', () => {
    const older = readRequest(5, 'input', 0, 3, 247)
    const request = readRequest(1, 'holding', 0, 1, 247)
    const bytes = Uint8Array.of(...answerTo(older, () => 9), ...answerTo(request, () => 7))
    const first = find([request, older], bytes)
    expect(first?.request).toBe(older)
    expect(findAnswer([request, older], bytes, first?.end ?? 0, bytes.length)?.request).toBe(
      request,
    )
  })
  it('in an exception', () => {
    const request = readRequest(1, 'holding', 0, 50, 247)
    expect(find([request], withCrc(1, 0x83, 2))?.answer).toEqual({ ok: false, exception: 2 })
  })
})

describe('what is refused', () => {
  it('up to three flipped bits or a burst of 16, anywhere', () => {
    fc.assert(
      fc.property(
        anyExchange,
        fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 0xffff }),
        fc.boolean(),
        ({ request, bytes }, flips, burst, isBurst) => {
          const mutated = Uint8Array.from(bytes)
          const bits = 8 * bytes.length
          const start = (flips[0] ?? 0) % (bits - 16)
          const places = isBurst
            ? Array.from({ length: 16 }, (_, bit) => bit)
                .filter((bit) => (burst >> bit) & 1)
                .map((bit) => start + bit)
            : [...new Set(flips.map((flip) => flip % bits))]
          for (const place of places)
            mutated[place >> 3] = (mutated[place >> 3] ?? 0) ^ (1 << (place & 7))
          expect(find([request], mutated)).toBeUndefined()
        },
      ),
      { numRuns: 500 },
    )
  })
  it('answers of another unit, function, length or write', () => {
    const request = readRequest(1, 'holding', 0, 2, 247)
    const write = writeRegistersRequest(1, 7, Uint8Array.of(0, 1), 247)
    for (const bytes of [
      answerTo(readOf(2, 3, 0, 2), () => 1),
      answerTo(readOf(1, 4, 0, 2), () => 1),
      answerTo(readOf(1, 3, 0, 1), () => 1),
      answerTo(readOf(1, 3, 0, 3), () => 1),
      withCrc(1, 6, 0, 8, 0, 1),
      withCrc(1, 6, 0, 7, 0, 2),
      withCrc(2, 0x83, 2),
    ]) {
      expect(find([request, write], bytes)).toBeUndefined()
    }
  })
  it('random bytes, without an exception being thrown', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        const found = find([readOf(1, 3, 0, 5), readOf(9, 1, 0, 20)], bytes)
        if (found !== undefined) expect(crc16(bytes, found.start, found.end)).toBe(0)
      }),
    )
  })
})

it('the local echo is recognized whole or not at all', () => {
  const frame = rtuFrame(readRequest(1, 'holding', 0, 2, 247))
  expect(afterEcho(frame, frame, frame.length)).toBe(frame.length)
  expect(afterEcho(frame, frame, 3)).toBeUndefined()
  expect(afterEcho(frame, Uint8Array.of(1, 3, 4), 3)).toBe(0)
})

it('a turnaround glitch is noise, a byte of data is not', () => {
  expect(isLineNoise(Uint8Array.of(0, 0xff, 0), 0, 3)).toBe(true)
  expect(isLineNoise(Uint8Array.of(1), 0, 1)).toBe(false)
  expect(isLineNoise(Uint8Array.of(0, 0, 0, 0), 0, 4)).toBe(false)
})
