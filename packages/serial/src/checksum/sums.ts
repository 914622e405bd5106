/** A checksum that is no CRC: how many bits it has, and its value over `bytes[from … to)`. */
interface Sum {
  readonly width: 8 | 16 | 32
  of(bytes: Uint8Array, from: number, to: number): number
}

function add(bytes: Uint8Array, from: number, to: number): number {
  let sum = 0
  for (let at = from; at < to; at++) sum = (sum + (bytes[at] ?? 0)) >>> 0
  return sum
}

function xor(bytes: Uint8Array, from: number, to: number): number {
  let result = 0
  for (let at = from; at < to; at++) result ^= bytes[at] ?? 0
  return result
}

/** Two running sums: of the words, and of all sums so far. */
function running(words: Iterable<number>, modulus: number, first: number): [number, number] {
  let low = first
  let high = 0
  for (const word of words) {
    low = (low + word) % modulus
    high = (high + low) % modulus
  }
  return [low, high]
}

/** 16-bit words, low byte first; an odd byte at the end is a word of its own. */
function* wordsOf(bytes: Uint8Array, from: number, to: number): Generator<number> {
  for (let at = from; at < to; at += 2) {
    yield (bytes[at] ?? 0) | (at + 1 < to ? (bytes[at + 1] ?? 0) << 8 : 0)
  }
}

const onesComplement = (value: number, mask: number) => ~value & mask
const twosComplement = (value: number, mask: number) => -value & mask

export const sums = {
  XOR: { width: 8, of: xor },
  BCC: { width: 8, of: xor },
  LRC: { width: 8, of: (bytes, from, to) => twosComplement(add(bytes, from, to), 0xff) },
  'SUM-8': { width: 8, of: (bytes, from, to) => add(bytes, from, to) & 0xff },
  'SUM-16': { width: 16, of: (bytes, from, to) => add(bytes, from, to) & 0xffff },
  'TWOS-8': { width: 8, of: (bytes, from, to) => twosComplement(add(bytes, from, to), 0xff) },
  'TWOS-16': { width: 16, of: (bytes, from, to) => twosComplement(add(bytes, from, to), 0xffff) },
  'ONES-8': { width: 8, of: (bytes, from, to) => onesComplement(add(bytes, from, to), 0xff) },
  'ONES-16': { width: 16, of: (bytes, from, to) => onesComplement(add(bytes, from, to), 0xffff) },
  'FLETCHER-16': {
    width: 16,
    of(bytes, from, to) {
      const [low, high] = running(bytes.subarray(from, to), 255, 0)
      return (high << 8) | low
    },
  },
  'FLETCHER-32': {
    width: 32,
    of(bytes, from, to) {
      const [low, high] = running(wordsOf(bytes, from, to), 65_535, 0)
      return ((high << 16) | low) >>> 0
    },
  },
  'ADLER-32': {
    width: 32,
    of(bytes, from, to) {
      const [low, high] = running(bytes.subarray(from, to), 65_521, 1)
      return ((high << 16) | low) >>> 0
    },
  },
} as const satisfies Readonly<Record<string, Sum>>

export type SumName = keyof typeof sums
