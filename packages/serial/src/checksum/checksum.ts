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

  function write(value: number): Uint8Array {
    const out = new Uint8Array(length)
    for (let at = 0; at < size; at++) {
      const byte = (value >>> (8 * (little ? at : size - 1 - at))) & 0xff
      if (binary) out[at] = byte
      else {
        out[2 * at] = codes[byte >> 4] ?? 0
        out[2 * at + 1] = codes[byte & 15] ?? 0
      }
    }
    return out
  }

  const of = (bytes: Uint8Array, from = 0, to = bytes.length) => write(valueOf(bytes, from, to))
  // Hexadecimal digits of both kinds differ in one bit only, and all that differ in it alone are digits.
  const alike = binary
    ? (a: number, b: number | undefined) => a === b
    : (a: number, b = 0) => a === b || (a > 0x39 && (a ^ 0x20) === b)
  return {
    length,
    of,
    matches(found, bytes, from, to) {
      const computed = of(bytes, from, to)
      return found.length === length && computed.every((byte, at) => alike(byte, found[at]))
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
