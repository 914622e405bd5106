import type { Value } from '@mapper-sdk/core'
import { valueTypes, type ModbusVisitor, type ValueType } from '../config/visitor.ts'
import { compileRegisters } from '../data/codec.ts'
import type { RegisterCodec } from '../data/register-codec.ts'
import { isBlock, isByte, isFloat } from '../data/types.ts'

/** How registers may hold a value. */
export interface Reading {
  readonly type: ValueType
  readonly byteOrder: ModbusVisitor['byteOrder']
  readonly wordOrder: ModbusVisitor['wordOrder']
  /** Registers of a text; left out for the other types, which say it themselves. */
  readonly length?: number
}

/** A reading that gives what is expected. */
export interface Guess extends Reading {
  /** How far from the address that was given: −1 is the register before it. */
  readonly shift: number
  /** A power of ten: what is in the registers times this is the value. */
  readonly scale: number
  readonly value: number | string
  /** How far the value is from the expected one; 0 for a text. */
  readonly off: number
  /** Readings of as many registers with the same value here; another sample may tell them apart. */
  readonly alike: readonly Reading[]
}

export interface GuessQuestion {
  /** Registers 0 … 65535 by their distance from the address that was given; what could not be read is not there. */
  readonly registers: ReadonlyMap<number, number>
  readonly expected: number | string
  /** How far a value may be from a number that is expected. */
  readonly tolerance: number
}

/**
 * What type, byte order, word order and scale make the registers say what is expected, the simplest
 * first: at the address itself, in the usual order, unscaled, near to the value. Pure.
 */
export function guessValue({ registers, expected, tolerance }: GuessQuestion): readonly Guess[] {
  const readings = readingsOf(expected)
  const best = new Map<string, { readonly guess: Guess; readonly doubt: number }>()
  for (const shift of registers.keys()) {
    for (const { reading, codec } of readings) {
      const value = read(codec, registers, shift)
      const fit = value === undefined ? undefined : fitOf(value, expected, tolerance)
      if (fit === undefined) continue
      const { scale } = fit
      const key = `${shift} ${codec.count} ${scale} ${fit.value}`
      const found = {
        guess: { ...reading, shift, scale, value: fit.value, off: fit.off, alike: [] },
        doubt: fit.doubt + doubtOf(reading, shift, scale),
      }
      const known = best.get(key)
      const [first, other] =
        known === undefined || found.doubt < known.doubt ? [found, known] : [known, found]
      const alike = [...(known?.guess.alike ?? []), ...(other ? [readingIn(other.guess)] : [])]
      best.set(key, { ...first, guess: { ...first.guess, alike } })
    }
  }
  return [...best.values()].sort((a, b) => a.doubt - b.doubt).map(({ guess }) => guess)
}

const readingIn = ({ type, byteOrder, wordOrder, length }: Reading): Reading => ({
  ...{ type, byteOrder, wordOrder },
  ...(length !== undefined && { length }),
})

interface Fit extends Pick<Guess, 'scale' | 'value' | 'off'> {
  readonly doubt: number
}

/** The power of ten that brings a value to what is expected, if there is one; the least doubtful of several. */
function fitOf(value: Value, expected: number | string, tolerance: number): Fit | undefined {
  if (typeof expected === 'string') {
    return value === expected ? { scale: 1, value: expected, off: 0, doubt: 0 } : undefined
  }
  if (typeof value !== 'number' && typeof value !== 'bigint') return undefined
  let best: Fit | undefined
  // Zero is zero on every scale.
  for (const exponent of Number(value) === 0 ? [0] : exponents) {
    const scaled = shiftPoint(Number(value), exponent)
    const off = Math.abs(scaled - expected)
    if (!(off <= tolerance)) continue
    const inexact = tolerance === 0 ? 0 : (2 * off) / tolerance
    const doubt = inexact + (exponent <= 0 ? -exponent : 1 + exponent)
    const fit = { scale: shiftPoint(1, exponent), value: scaled, off, doubt }
    if (best === undefined || doubt < best.doubt) best = fit
  }
  return best
}

const exponents: readonly number[] = [0, -1, 1, -2, 2, -3, 3, -4, 4, -5, 5, -6, 6]

/** Exact in decimal: 2314 and −1 is 231.4. */
function shiftPoint(value: number, exponent: number): number {
  const [mantissa, own = '0'] = String(value).split('e')
  return Number(`${mantissa}e${Number(own) + exponent}`)
}

/** How much of it would be unusual. */
function doubtOf({ type, byteOrder, wordOrder }: Reading, shift: number, scale: number): number {
  // Nobody needs to scale a float.
  const strange = isFloat(type) && scale !== 1 ? 3 : 0
  const order = (byteOrder === 'big' ? 0 : 3) + (wordOrder === 'big' ? 0 : 1)
  // Whoever counts from 1 gives the address behind the right one.
  const place = shift < 0 ? -1.5 * shift : 2 * shift
  return place + order + strange + (unusual.get(type) ?? 2)
}

const unusual: ReadonlyMap<string, number> = new Map([
  ['uint16', 0],
  ['int16', 0.1],
  ['float32', 0.2],
  ['uint32', 0.5],
  ['int32', 0.6],
  ['float64', 1],
  ['uint64', 1.5],
  ['int64', 1.6],
  ['string', 0],
])

const orders = ['big', 'little'] as const

/** The readings that can give a number or such a text. */
function readingsOf(expected: number | string): { reading: Reading; codec: RegisterCodec }[] {
  const isText = typeof expected === 'string'
  const bytes = new TextEncoder().encode(String(expected)).length
  const length = isText ? { length: Math.max(1, Math.ceil(bytes / 2)) } : {}
  return (
    valueTypes
      .filter((type) =>
        isText ? type === 'string' : type !== 'bool' && !isBlock(type) && !isByte(type),
      )
      .flatMap((type) =>
        orders.flatMap((byteOrder) =>
          orders.map((wordOrder) => ({ type, byteOrder, wordOrder, ...length })),
        ),
      )
      .map((reading) => ({
        reading,
        codec: compileRegisters({ table: 'holding', address: 0, ...reading }, reading.type),
      }))
      // The order of words is nothing to a single one.
      .filter(({ reading, codec }) => codec.count > 1 || reading.wordOrder === 'big')
  )
}

function read(
  { count, decode }: RegisterCodec,
  registers: ReadonlyMap<number, number>,
  shift: number,
): Value | undefined {
  const view = new DataView(new ArrayBuffer(2 * count))
  for (let at = 0; at < count; at++) {
    const word = registers.get(shift + at)
    if (word === undefined) return undefined
    view.setUint16(2 * at, word)
  }
  try {
    return decode(view, 0)
  } catch {
    // Neither a number nor a text: not what was meant.
    return undefined
  }
}
