import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hexOf, judge } from './answer.ts'
import type { Answer, Table } from './link.ts'
import {
  pduAt,
  readRequest,
  unitAt,
  writeCoilsRequest,
  writeRegistersRequest,
  type Request,
} from './pdu.ts'

const tables: readonly Table[] = ['coil', 'discrete', 'input', 'holding']
const isBitTable = (table: Table) => table === 'coil' || table === 'discrete'

/** A read and the one right answer to it, with data of its own. */
const anyRead = fc
  .tuple(
    fc.integer({ min: 1, max: 255 }),
    fc.constantFrom(...tables),
    fc.nat(63_000),
    fc.integer({ min: 1, max: 2000 }),
    fc.infiniteStream(fc.nat(255)),
  )
  .map(([unit, table, address, many, noise]) => {
    const count = isBitTable(table) ? many : Math.min(125, many)
    const request = readRequest(unit, table, address, count, 255)
    const data = Uint8Array.from({ length: request.answerLength - 2 }, () =>
      Number(noise.next().value),
    )
    const spare = 8 * data.length - count
    if (isBitTable(table)) data[data.length - 1] = (data.at(-1) ?? 0) & (0xff >> spare)
    return { request, bytes: Uint8Array.of(unit, request.functionCode, data.length, ...data), data }
  })

const anyWrite = fc
  .tuple(
    fc.integer({ min: 1, max: 255 }),
    fc.nat(60_000),
    fc.uint8Array({ minLength: 2, maxLength: 246 }),
    fc.boolean(),
    fc.boolean(),
  )
  .map(([unit, address, data, multiple, coils]) => {
    const even = data.subarray(0, data.length & ~1)
    const bits = [...even].map((byte) => byte > 127)
    return coils
      ? writeCoilsRequest(unit, address, bits, 255, multiple)
      : writeRegistersRequest(unit, address, even, 255, multiple)
  })
const confirmation = (request: Request) =>
  Uint8Array.of(request.unit, ...request.adu.subarray(pduAt, pduAt + 5))

const yes = (verdict: ReturnType<typeof judge>): Answer => {
  if ('anomaly' in verdict) throw new Error(verdict.anomaly)
  return verdict
}

describe('the right answer', () => {
  it('of a read carries the data', () => {
    fc.assert(
      fc.property(anyRead, ({ request, bytes, data }) => {
        const answer = yes(judge(request, bytes, 0, bytes.length))
        expect(answer.ok && Buffer.from(answer.data).equals(data)).toBe(true)
      }),
    )
  })
  it('of a write is its own confirmation', () => {
    fc.assert(
      fc.property(anyWrite, (request) => {
        const bytes = confirmation(request)
        expect(yes(judge(request, bytes, 0, bytes.length))).toEqual({
          ok: true,
          data: new Uint8Array(0),
        })
      }),
    )
  })
  it('may be an exception with any code but 0', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          anyRead.map(({ request }) => request),
          anyWrite,
        ),
        fc.nat(255),
        (request, code) => {
          const bytes = Uint8Array.of(request.unit, request.functionCode | 0x80, code)
          const verdict = judge(request, bytes, 0, 3)
          if (code === 0) expect(verdict).toHaveProperty('anomaly')
          else expect(verdict).toEqual({ ok: false, exception: code })
        },
      ),
    )
  })
  it('is found inside other bytes', () => {
    fc.assert(
      fc.property(anyRead, fc.uint8Array({ maxLength: 9 }), ({ request, bytes, data }, around) => {
        const all = Uint8Array.of(...around, ...bytes, ...around)
        const answer = yes(judge(request, all, around.length, around.length + bytes.length))
        expect(answer.ok && Buffer.from(answer.data).equals(data)).toBe(true)
      }),
    )
  })
})

describe('a mutation of a right answer is refused or means the same', () => {
  const mutate = (bytes: Uint8Array, at: number, change: number) => {
    const mutated = Uint8Array.from(bytes)
    mutated[at] = (mutated[at] ?? 0) ^ change
    return mutated
  }
  it('any byte in front of the data', () => {
    fc.assert(
      fc.property(
        anyRead,
        fc.nat(2),
        fc.integer({ min: 1, max: 255 }),
        ({ request, bytes }, at, change) => {
          expect(judge(request, mutate(bytes, at, change), 0, bytes.length)).toHaveProperty(
            'anomaly',
          )
        },
      ),
    )
  })
  it('any other length', () => {
    fc.assert(
      fc.property(anyRead, fc.nat(300), ({ request, bytes }, length) => {
        fc.pre(length !== bytes.length)
        const changed = Uint8Array.from({ length }, (_, at) => bytes[at] ?? 0)
        expect(judge(request, changed, 0, length)).toHaveProperty('anomaly')
        // Nor does a byte count that fits the wrong length help.
        if (length >= 3) changed[2] = length - 3
        expect(judge(request, changed, 0, length)).toHaveProperty('anomaly')
      }),
    )
  })
  it('spare bits do not matter', () => {
    fc.assert(
      fc.property(anyRead, fc.nat(255), ({ request, bytes, data }, noise) => {
        fc.pre(request.functionCode <= 2)
        const spare = ~(0xff >> (8 * data.length - request.count))
        const answer = yes(
          judge(request, mutate(bytes, bytes.length - 1, noise & spare), 0, bytes.length),
        )
        expect(answer.ok && Buffer.from(answer.data).equals(data)).toBe(true)
      }),
    )
  })
  it('any byte of a confirmation', () => {
    fc.assert(
      fc.property(anyWrite, fc.nat(5), fc.integer({ min: 1, max: 255 }), (request, at, change) => {
        fc.pre(!(at === 1 && change === 0x80))
        const bytes = mutate(confirmation(request), at, change)
        expect(judge(request, bytes, 0, bytes.length)).toHaveProperty('anomaly')
      }),
    )
  })
  it('an exception of another unit, function or length', () => {
    const request = readRequest(1, 'holding', 0, 1, 255)
    for (const bytes of [[2, 0x83, 2], [1, 0x84, 2], [1, 0x83, 2, 0], [1, 0x83], [1], []]) {
      expect(judge(request, Uint8Array.from(bytes), 0, bytes.length)).toHaveProperty('anomaly')
    }
  })
  it('the echo of a read is never data, even where it has the shape of an answer', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...tables),
        fc.nat(63_000),
        fc.integer({ min: 1, max: 125 }),
        (table, address, count) => {
          const request = readRequest(1, table, address, count, 255)
          const bytes = request.adu.subarray(unitAt, pduAt + 5)
          expect(judge(request, bytes, 0, bytes.length)).toHaveProperty('anomaly')
        },
      ),
    )
    const trap = readRequest(1, 'coil', 0x0342, 24, 255)
    const echo = trap.adu.subarray(unitAt, pduAt + 5)
    expect(judge(trap, echo, 0, echo.length)).toHaveProperty('anomaly')
  })
})

it('shows bytes as capped hex', () => {
  expect(hexOf(Uint8Array.of(1, 0xab))).toBe('01 ab')
  expect(hexOf(new Uint8Array(0))).toBe('')
  expect(hexOf(new Uint8Array(300))).toMatch(/^(00 ){39}00 … \(300 bytes\)$/)
})
