import { MapperError } from '@mapper-sdk/core'
import { refusal } from './refusal.ts'
import type { RegisterCodec } from './register-codec.ts'

/** Bit → name. */
export type BitNames = ReadonlyMap<number, string>

const nothing = 'none'
const unnamed = (bit: number) => `bit${bit}`

/** Reads `0=fault,1=running` for a number of so many bits. Throws `invalid_config`. */
export function parseBitNames(text: string, bits: number): BitNames {
  const names = new Map<number, string>()
  for (const pair of text.split(',')) {
    const [, digits, name = ''] = /^\s*(\d{1,2})\s*=\s*(.*?)\s*$/.exec(pair) ?? []
    if (digits === undefined || name === '') {
      throw wrong(`has ${show(pair)} where "bit=name" belongs; write it like "0=fault,1=running"`)
    }
    const bit = Number(digits)
    if (bit >= bits) throw wrong(`names bit ${bit}, but there are only the bits 0 to ${bits - 1}`)
    if (names.has(bit)) throw wrong(`names bit ${bit} twice`)
    if ([...names.values()].includes(name)) throw wrong(`has the name ${show(name)} twice`)
    if (name === nothing || (/^bit\d+$/.test(name) && name !== unnamed(bit))) {
      throw wrong(`has the name ${show(name)}, which has a meaning of its own; choose another`)
    }
    names.set(bit, name)
  }
  return names
}

/** Whole numbers as the names of the bits that are set in them, and back. */
export function withBitNames(
  codec: RegisterCodec<number | bigint>,
  names: BitNames,
  bits: number,
): RegisterCodec<string> {
  const all = Array.from({ length: bits }, (_, bit) => names.get(bit) ?? unnamed(bit))
  const textOf = (raw: bigint) => {
    const set = all.filter((_, bit) => (raw >> BigInt(bit)) & 1n)
    return set.length === 0 ? nothing : set.join(',')
  }
  return {
    count: codec.count,
    decode: (view, at) => textOf(BigInt(codec.decode(view, at))),
    encode(value) {
      if (typeof value !== 'string') throw refusal(value, 'not a text with names of bits')
      let raw = 0n
      for (const part of value === nothing ? [] : value.split(',')) {
        const bit = all.indexOf(part.trim())
        if (bit === -1) {
          const known = [nothing, ...names.values()].join(', ')
          throw refusal(value, `${show(part.trim())} is no name of a bit; there are ${known}`)
        }
        raw |= 1n << BigInt(bit)
      }
      const text = textOf(raw)
      if (text !== value) throw refusal(value, `it would be read back as ${show(text)}`)
      return codec.encode(raw)
    },
  }
}

const wrong = (detail: string) => new MapperError('invalid_config', detail)
const show = (text: string) => JSON.stringify(text.slice(0, 60))
