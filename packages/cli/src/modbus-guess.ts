import { MapperError } from '@mapper-sdk/core'
import type { ModbusProtocol, ModbusVisitor } from '@mapper-sdk/modbus'
import { guessValue, placeOf, type Guess, type Reading } from '@mapper-sdk/modbus/commission'
import type { CommandIo } from './command-io.ts'
import type { Target } from './target.ts'
import { connectTo, withDeadline } from './with-deadline.ts'

/** What the registers should say. */
export interface Expectation {
  readonly expected: number | string
  /** How far a number may be off. */
  readonly tolerance: number
}

export interface GuessFlags {
  readonly json: boolean
  /** How many guesses are shown. */
  readonly most: number
}

/** Registers by their distance from a place, and the place. */
export interface Sample {
  readonly registers: ReadonlyMap<number, number>
  readonly table: 'holding' | 'input'
  readonly address: number
}

/** The widest values take so many registers. */
const widest = 4

/** Registers written as hex, four digits each, as `4367 6666` or `0x4367,0x6666`. */
export function sampleOfHex(text: string): Sample {
  const digits = text.replaceAll(/0x|[\s,]/gi, '')
  if (digits === '' || !/^(?:[\da-f]{4})+$/i.test(digits)) {
    throw new MapperError('invalid_config', `--hex ${text}: write four hex digits a register`)
  }
  const words = digits.match(/.{4}/g) ?? []
  const registers = new Map(words.map((word, at) => [at, Number.parseInt(word, 16)]))
  return { registers, table: 'holding', address: 0 }
}

/**
 * Reads the registers from `around` before the place of the target to `around` behind what the value may
 * take there. Neighbours that cannot be read are left out. Rejects if the place itself cannot be read.
 */
export async function sampleOf(
  target: Target,
  { expected }: Expectation,
  { around, timeoutMs }: { readonly around: number; readonly timeoutMs: number },
  { signal }: CommandIo,
): Promise<Sample> {
  const [item] = target.items
  const { table, address } = placeOf(
    item?.visitor as ModbusVisitor,
    target.protocol as ModbusProtocol,
  )
  if (table !== 'holding' && table !== 'input') {
    throw new MapperError('invalid_config', `a ${table} is one bit: there is nothing to guess`)
  }
  const letters = typeof expected === 'string' ? Buffer.byteLength(expected) : 0
  const behind = around + Math.max(widest, Math.ceil(letters / 2))
  const connection = await connectTo(target, { signal, timeoutMs })
  try {
    for (const width of [1, 2]) {
      const visitors = places(address, around, behind, width).map((at): ModbusVisitor => ({
        ...{ table, address: at, type: 'bytes', length: width, byteOrder: 'big', wordOrder: 'big' },
      }))
      const outcomes = await withDeadline({ signal, ms: timeoutMs, what: 'reading' }, (limited) =>
        connection.read(target.protocol, visitors, limited),
      )
      const here = outcomes[visitors.findIndex((visitor) => visitor.address === address)]
      // Some devices answer whole values only, and most values have two registers.
      if (here?.ok === false && (width === 2 || here.error.code !== 'rejected')) throw here.error
      if (here?.ok === false) continue
      const registers = outcomes.flatMap((outcome, index): [number, number][] => {
        const from = Number(visitors[index]?.address) - address
        return outcome.ok && outcome.value instanceof Uint8Array
          ? wordsOf(outcome.value).map((word, at) => [from + at, word])
          : []
      })
      return { registers: new Map(registers), table, address }
    }
    throw new MapperError('internal', 'the driver gave no outcome')
  } finally {
    await connection.close()
  }
}

/** From `around` before the address to `behind` behind it, as far as the table goes, all of one width. */
function places(address: number, around: number, behind: number, width: number): number[] {
  const first = address - width * Math.floor(Math.min(around, address) / width)
  const last = Math.min(address + behind, 0x10000)
  const count = Math.floor((last - first) / width)
  return Array.from({ length: count }, (_, at) => first + at * width)
}

const wordsOf = (bytes: Uint8Array): readonly number[] =>
  Array.from({ length: bytes.length / 2 }, (_, at) => Buffer.from(bytes).readUInt16BE(2 * at))

/** Prints what the registers may mean, likeliest first. Resolves with how many guesses there are. */
export function printGuesses(
  { registers, table, address }: Sample,
  { expected, tolerance }: Expectation,
  flags: GuessFlags,
  { out, err }: CommandIo,
): number {
  const guesses = guessValue({ registers, expected, tolerance })
  const shown = guesses.slice(0, flags.most)
  const places = shown.map((guess) => placeText(guess, table, address + guess.shift, guess.scale))
  const width = Math.max(0, ...places.map((place) => place.length))
  for (const [index, guess] of shown.entries()) {
    const place = places[index] ?? ''
    const { shift, scale, value, off, alike } = guess
    const others = alike.map((one) => placeText(one, table, address + shift, scale))
    if (flags.json) {
      out.write(`${JSON.stringify({ place, value, off, shift, alike: others })}\n`)
    } else {
      const same = alike.length === 0 ? '' : `  (also ${alike.map(typeText).join('; ')})`
      out.write(`${place.padEnd(width)}  ${value}${same}\n`)
    }
  }
  if (guesses.length > shown.length) err.write(`${guesses.length - shown.length} more: --most\n`)
  if (guesses.length === 0) {
    const words = [...registers].map(([, word]) => `0x${word.toString(16).padStart(4, '0')}`)
    err.write(`nothing gives ${expected}; the registers hold ${words.join(' ')}\n`)
  }
  return guesses.length
}

/** As typed: a number or a text, and how far a number may be off, as `0.5` or `1%`. */
export function expectationOf(expected: string, tolerance?: string): Expectation {
  const number = /^[+-]?(\d+\.?\d*|\.\d+)$/.test(expected) ? Number(expected) : undefined
  if (number === undefined) return { expected, tolerance: 0 }
  if (tolerance === undefined) {
    // Half of the last digit: a display that shows 21.5 rounds.
    const decimals = /\.(\d*)$/.exec(expected)?.[1]?.length ?? 0
    return { expected: number, tolerance: 0.5 * 10 ** -decimals }
  }
  const [, size = '', percent] = /^(\d+\.?\d*|\.\d+)(%)?$/.exec(tolerance) ?? []
  if (size === '') {
    throw new MapperError('invalid_config', `--tolerance ${tolerance}: write 0.5 or 1%`)
  }
  const part = percent === undefined ? 1 : Math.abs(number) / 100
  return { expected: number, tolerance: Number(size) * part }
}

/** Names the place on a command line. */
const placeText = (reading: Reading, table: string, address: number, scale: Guess['scale']) =>
  `${table}:${address},${typeText(reading)}${scale === 1 ? '' : `,scale=${scale}`}`

const typeText = ({ type, byteOrder, wordOrder, length }: Reading) =>
  [
    `type=${type}`,
    ...(length === undefined ? [] : [`length=${length}`]),
    ...(byteOrder === 'big' ? [] : [`byteOrder=${byteOrder}`]),
    ...(wordOrder === 'big' ? [] : [`wordOrder=${wordOrder}`]),
  ].join(',')
