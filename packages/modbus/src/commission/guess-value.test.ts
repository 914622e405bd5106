import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileRegisters } from '../data/codec.ts'
import { guessValue, type Guess, type Reading } from './guess-value.ts'

const registersOf = (reading: Reading, value: number | string, at = 0) => {
  const { data: bytes } = compileRegisters(
    { table: 'holding', address: 0, ...reading },
    reading.type,
  ).encode(value)
  const view = new DataView(bytes.buffer)
  return new Map(
    Array.from({ length: bytes.length / 2 }, (_, word) => [at + word, view.getUint16(2 * word)]),
  )
}
const order = fc.constantFrom('big' as const, 'little' as const)
const readings = fc.record({
  type: fc.constantFrom(
    ...(['int16', 'uint16', 'int32', 'uint32', 'int64', 'uint64', 'float32', 'float64'] as const),
  ),
  byteOrder: order,
  wordOrder: order,
})
const short = ({ type, byteOrder, wordOrder, scale, shift }: Guess) =>
  [type, byteOrder, wordOrder, scale, shift].join(' ')
const words = (...all: number[]) => new Map(all.entries())

describe('guessValue', () => {
  it('finds the reading that a value was stored with, at any place and scale', () => {
    fc.assert(
      fc.property(
        readings,
        fc.integer({ min: 1, max: 32_000 }),
        fc.integer({ min: -6, max: 6 }),
        fc.integer({ min: -3, max: 3 }),
        (reading, raw, exponent, shift) => {
          const registers = registersOf(reading, raw, shift)
          const expected = Number(`${raw}e${exponent}`)
          const guesses = guessValue({ registers, expected, tolerance: 0 })
          const { type, byteOrder, wordOrder } = reading
          const single = registers.size === 1
          const found = guesses.filter((guess) => guess.shift === shift && guess.value === expected)
          const named = found.flatMap((guess) => [guess, ...guess.alike])
          expect(named).toContainEqual(
            expect.objectContaining({ type, byteOrder, wordOrder: single ? 'big' : wordOrder }),
          )
        },
      ),
    )
  })

  it('lists nothing that does not give the value, and nothing twice', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 6 }),
        fc.double({ min: -1e6, max: 1e6, noNaN: true }),
        fc.double({ min: 0, max: 1e4, noNaN: true }),
        (list, expected, tolerance) => {
          const registers = words(...list)
          const guesses = guessValue({ registers, expected, tolerance })
          for (const { shift, scale, value, off, alike, ...reading } of guesses) {
            expect(Math.abs(Number(value) - expected)).toBeLessThanOrEqual(tolerance)
            expect(off).toBe(Math.abs(Number(value) - expected))
            for (const one of [reading, ...alike]) {
              const codec = compileRegisters({ table: 'holding', address: 0, ...one }, one.type)
              const bytes = Uint8Array.from(
                list.slice(shift, shift + codec.count).flatMap((word) => [word >> 8, word & 0xff]),
              )
              const raw = Number(codec.decode(new DataView(bytes.buffer), 0))
              expect(Math.abs(raw * scale - Number(value))).toBeLessThanOrEqual(
                1e-12 * Math.abs(Number(value)),
              )
            }
          }
          const all = guesses.flatMap((guess) =>
            [guess, ...guess.alike].map(({ type, byteOrder, wordOrder }) =>
              [guess.shift, type, byteOrder, wordOrder].join(' '),
            ),
          )
          expect(new Set(all).size).toBe(all.length)
        },
      ),
    )
  })

  it.each<[string, ReadonlyMap<number, number>, number | string, number, string]>([
    ['a plain register', words(231, 0, 0, 0), 231, 0, 'uint16 big big 1 0'],
    ['tenths', words(2314, 0), 231.4, 0.05, 'uint16 big big 0.1 0'],
    ['below zero', words(0xffd8), -4, 0.05, 'int16 big big 0.1 0'],
    ['a float', words(0x4367, 0x6666), 231.4, 0.05, 'float32 big big 1 0'],
    ['a float, low word first', words(0x6666, 0x4367), 231.4, 0.05, 'float32 big little 1 0'],
    ['a float, bytes swapped', words(0x6743, 0x6666), 231.4, 0.05, 'float32 little big 1 0'],
    [
      'a float one before',
      new Map([
        [-1, 0x4367],
        [0, 0x6666],
        [1, 0],
      ]),
      231.4,
      0.05,
      'float32 big big 1 -1',
    ],
    ['a counter', words(1, 0x0001), 65_537, 0, 'uint32 big big 1 0'],
    ['a counter, low word first', words(5, 1), 65_541, 0, 'uint32 big little 1 0'],
    ['a double', words(0x4009, 0x21fb, 0x5444, 0x2d18), 3.14159, 5e-6, 'float64 big big 1 0'],
    ['kilowatts in watts', words(0, 1500), 1.5, 0, 'uint32 big big 0.001 0'],
    ['a text', words(0x5058, 0x2d37), 'PX-7', 0, 'string big big 1 0'],
    ['a text, bytes swapped', words(0x5850, 0x372d), 'PX-7', 0, 'string little big 1 0'],
  ])('%s comes first', (_, registers, expected, tolerance, first) => {
    const [guess] = guessValue({ registers, expected, tolerance })
    expect(guess && short(guess)).toBe(first)
  })

  it('says what reads the same here', () => {
    const [guess] = guessValue({ registers: words(231), expected: 231, tolerance: 0 })
    expect(guess?.alike).toEqual([{ type: 'int16', byteOrder: 'big', wordOrder: 'big' }])
  })

  it('finds nothing where registers are missing or say something else', () => {
    const registers = new Map([
      [0, 0x4367],
      [2, 0x6666],
    ])
    expect(guessValue({ registers, expected: 231.4, tolerance: 0.05 })).toEqual([])
    expect(guessValue({ registers: words(7), expected: 'PX', tolerance: 0 })).toEqual([])
  })
})
