import { MapperError } from '@mapper-sdk/core'
import { checkChecksumSpec, type ChecksumSpec } from './checksum-spec.ts'
import { crcCatalogue, type CrcParameters } from './crc-catalogue.ts'
import { createCrc } from './crc.ts'
import { sums } from './sums.ts'

/** A checksum as it stands in a frame. */
export interface Checksum {
  /** Bytes it takes in a frame: twice as many as text. */
  readonly length: number
  /** The checksum over `bytes[from … to)`, in its order and writing. */
  of(bytes: Uint8Array, from?: number, to?: number): Uint8Array
  /** Whether `found`, as long as the checksum is, says the same; hexadecimal text in any letters. */
  matches(found: Uint8Array, bytes: Uint8Array, from?: number, to?: number): boolean
}

/** Throws a MapperError `invalid_config` if the spec makes no sense. */
export function createChecksum(spec: ChecksumSpec): Checksum {
  const problem = checkChecksumSpec(spec)
  if (problem !== undefined) {
    throw new MapperError('invalid_config', `${problem.path.join('.')} ${problem.message}`)
  }
  const { size, valueOf, reflected } = algorithmOf(spec)
  const { as = 'binary' } = spec
  const binary = as === 'binary'
  const little = (spec.order ?? (reflected && binary ? 'little' : 'big')) === 'little'
  const digits = (as === 'HEX' ? '0123456789ABCDEF' : '0123456789abcdef').split('')
  const codes = digits.map((digit) => digit.charCodeAt(0))
  const length = binary ? size : 2 * size

  /** The byte at `at` of the checksum as it is written. */
  function byteAt(value: number, at: number): number {
    const index = binary ? at : at >> 1
    const byte = (value >>> (8 * (little ? index : size - 1 - index))) & 0xff
    if (binary) return byte
    return codes[at % 2 === 0 ? byte >> 4 : byte & 15] ?? 0
  }

  // Hexadecimal digits of both kinds differ in one bit only, and all that differ in it alone are digits.
  const alike = binary
    ? (a: number, b: number | undefined) => a === b
    : (a: number, b = 0) => a === b || (a > 0x39 && (a ^ 0x20) === b)
  return {
    length,
    of(bytes, from = 0, to = bytes.length) {
      const value = valueOf(bytes, from, to)
      return Uint8Array.from({ length }, (_, at) => byteAt(value, at))
    },
    matches(found, bytes, from = 0, to = bytes.length) {
      if (found.length !== length) return false
      const value = valueOf(bytes, from, to)
      for (let at = 0; at < length; at++) if (!alike(byteAt(value, at), found[at])) return false
      return true
    },
  }
}

function algorithmOf(spec: ChecksumSpec) {
  if (spec.type !== 'CRC' && spec.type in sums) {
    const { width, of } = sums[spec.type as keyof typeof sums]
    return { size: width / 8, valueOf: of, reflected: false }
  }
  const parameters =
    spec.type === 'CRC' ? ownParameters(spec) : crcCatalogue[spec.type as keyof typeof crcCatalogue]
  const size = Math.ceil(parameters.width / 8)
  return { size, valueOf: createCrc(parameters), reflected: parameters.refout }
}

const ownParameters = (spec: ChecksumSpec): CrcParameters => ({
  width: spec.width ?? 0,
  poly: spec.poly ?? 0,
  init: spec.init ?? 0,
  xorout: spec.xorout ?? 0,
  refin: spec.refin ?? false,
  refout: spec.refout ?? spec.refin ?? false,
})
