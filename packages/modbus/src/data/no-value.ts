import { MapperError, type Value } from '@mapper-sdk/core'
import { onesOf } from './bit-range.ts'
import { numberCodec, rangeOf } from './number-codec.ts'
import { refusal } from './refusal.ts'
import { rawBits, viewOf, type RegisterCodec } from './register-codec.ts'
import { bitsOf, isBcd, isFloat, isSigned, widths, type NumberType } from './types.ts'

/** What stands for "no value": patterns of all bits of the type, and for floats whatever is not a number. */
export interface NoValue {
  readonly patterns: ReadonlySet<bigint>
  readonly nan: boolean
}

/**
 * Reads `sunspec`, or numbers with commas between: decimal ones are values, hexadecimal ones the bits as
 * they are; floats know `nan`. Throws `invalid_config`.
 */
export function parseNoValue(raw: number | string, type: NumberType): NoValue {
  const patterns = new Set<bigint>()
  let nan = false
  for (const part of String(raw).split(',')) {
    const word = part.trim().toLowerCase()
    if (isFloat(type) && (word === 'nan' || word === 'sunspec')) nan = true
    else patterns.add(word === 'sunspec' ? notImplemented(type) : patternOf(word, type))
  }
  return { patterns, nan }
}

/** What SunSpec devices hold for points that they do not implement: the lowest int, the highest uint. */
function notImplemented(type: NumberType): bigint {
  if (isBcd(type) || bitsOf(type) === 8) {
    throw wrong(`is sunspec, which knows no ${type}; write the numbers`)
  }
  return isSigned(type) ? 1n << BigInt(bitsOf(type) - 1) : onesOf(bitsOf(type))
}

function patternOf(word: string, type: NumberType): bigint {
  const bits = bitsOf(type)
  const pattern = /^0x[0-9a-f]{1,16}$/.test(word) ? BigInt(word) : patternOfNumeral(word, type)
  if (pattern !== undefined && pattern <= onesOf(bits)) return pattern
  const names = isFloat(type) ? 'nan, sunspec' : 'sunspec'
  throw wrong(
    `has ${JSON.stringify(word.slice(0, 60))}, which no ${type} can be; write ${names}, or numbers that it can be, with commas between and hexadecimal ones in quotes`,
  )
}

function patternOfNumeral(word: string, type: NumberType): bigint | undefined {
  if (isFloat(type)) {
    const number = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/.test(word) ? Number(word) : NaN
    return encoded(numberCodec(type), number)
  }
  if (!/^-?\d{1,20}$/.test(word)) return undefined
  const integer = BigInt(word)
  if (isBcd(type)) return integer < 0n ? undefined : BigInt(`0x${integer}`)
  const [lowest, highest] = rangeOf(bitsOf(type), isSigned(type))
  return integer < lowest || integer > highest ? undefined : BigInt.asUintN(bitsOf(type), integer)
}

function encoded(codec: RegisterCodec, value: Value): bigint | undefined {
  try {
    const { data } = codec.encode(value)
    return rawBits(viewOf(data), 0, codec.count as 1 | 2 | 4)
  } catch {
    return undefined
  }
}

/**
 * Keeps what stands for "no value" from being reported or written. The whole value is looked at, also
 * where only some of its bits are asked for; `shift` is where it begins in its register.
 */
export function withNoValue<T extends Value>(
  codec: RegisterCodec<T>,
  { patterns, nan }: NoValue,
  type: NumberType,
  shift: number,
): RegisterCodec<T> {
  const registers = widths[type]
  const bits = bitsOf(type)
  const patternAt = (view: DataView, at: number) =>
    (rawBits(view, at, registers) >> BigInt(shift)) & onesOf(bits)
  return {
    count: codec.count,
    decode(view, at) {
      const pattern = patternAt(view, at)
      if (patterns.has(pattern)) throw noValue(`0x${pattern.toString(16).toUpperCase()}`)
      const value = codec.decode(view, at)
      if (nan && Number.isNaN(value)) throw noValue('NaN')
      return value
    },
    encode(value) {
      const made = codec.encode(value)
      const isAll = made.mask === undefined || bits === 8
      if (isAll && patterns.has(patternAt(viewOf(made.data), 0))) {
        throw refusal(value, 'the device takes it for no value')
      }
      return made
    },
  }
}

const noValue = (held: string) =>
  new MapperError('unsupported', `the device has no value here (it holds ${held})`)
const wrong = (detail: string) => new MapperError('invalid_config', detail)
