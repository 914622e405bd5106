import type { CrcParameters } from './crc-catalogue.ts'

/** The CRC with these parameters over `bytes[from … to)`, one table look-up a byte. */
export function createCrc(
  parameters: CrcParameters,
): (bytes: Uint8Array, from: number, to: number) => number {
  const { width, refin, refout } = parameters
  const mask = 0xffffffff >>> (32 - width)
  const xorout = parameters.xorout & mask
  const init = refin ? reflect(parameters.init, width) : parameters.init & mask
  const table = refin ? reflectedTable(parameters) : straightTable(parameters)
  const turned = refin !== refout
  const top = width - 8
  return (bytes, from, to) => {
    let crc = init
    if (refin) {
      for (let at = from; at < to; at++) {
        crc = (crc >>> 8) ^ (table[(crc ^ (bytes[at] ?? 0)) & 0xff] ?? 0)
      }
    } else {
      for (let at = from; at < to; at++) {
        crc = ((crc << 8) & mask) ^ (table[((crc >>> top) ^ (bytes[at] ?? 0)) & 0xff] ?? 0)
      }
    }
    if (turned) crc = reflect(crc, width)
    return ((crc ^ xorout) & mask) >>> 0
  }
}

function reflectedTable({ width, poly }: CrcParameters): Uint32Array {
  const reflected = reflect(poly, width)
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ reflected : crc >>> 1
    return crc
  })
}

function straightTable({ width, poly }: CrcParameters): Uint32Array {
  // Kept in the upper bits, so that the highest bit is the same for all widths.
  const high = poly << (32 - width)
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte << 24
    for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ high : crc << 1
    return crc >>> (32 - width)
  })
}

function reflect(value: number, width: number): number {
  let turned = 0
  for (let bit = 0; bit < width; bit++) if ((value >>> bit) & 1) turned |= 1 << (width - 1 - bit)
  return turned >>> 0
}
