import { crc16modbus, crc16kermit, crc16xmodem, crc24, crc32, crc8, crc81wire, crcjam } from 'crc'
import { crc16, crc16ccitt } from 'crc'
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { createChecksum } from './checksum.ts'
import { checkChecksumSpec, checksumNames, type ChecksumName } from './checksum-spec.ts'
import { crcCatalogue, type CrcParameters } from './crc-catalogue.ts'
import { createCrc } from './crc.ts'

const ascii = (text: string) => new TextEncoder().encode(text)
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const digits = ascii('123456789')

/** Of the nine digits, as the public catalogues print them. */
const published: Readonly<Record<ChecksumName, string>> = {
  'CRC-8/SMBUS': 'f4',
  'CRC-8/I-432-1': 'a1',
  'CRC-8/ROHC': 'd0',
  'CRC-8/MAXIM-DOW': 'a1',
  'CRC-8/NRSC-5': 'f7',
  'CRC-8/SAE-J1850': '4b',
  'CRC-8/TECH-3250': '97',
  'CRC-8/I-CODE': '7e',
  'CRC-8/AUTOSAR': 'df',
  'CRC-8/CDMA2000': 'da',
  'CRC-8/WCDMA': '25',
  'CRC-8/DVB-S2': 'bc',
  'CRC-8/DARC': '15',
  'CRC-16/ARC': 'bb3d',
  'CRC-16/MODBUS': '4b37',
  'CRC-16/USB': 'b4c8',
  'CRC-16/MAXIM-DOW': '44c2',
  'CRC-16/UMTS': 'fee8',
  'CRC-16/CMS': 'aee7',
  'CRC-16/DDS-110': '9ecf',
  'CRC-16/XMODEM': '31c3',
  'CRC-16/IBM-3740': '29b1',
  'CRC-16/CCITT-FALSE': '29b1',
  'CRC-16/SPI-FUJITSU': 'e5cc',
  'CRC-16/GENIBUS': 'd64e',
  'CRC-16/KERMIT': '2189',
  'CRC-16/X-25': '906e',
  'CRC-16/MCRF4XX': '6f91',
  'CRC-16/DNP': 'ea82',
  'CRC-16/EN-13757': 'c2b7',
  'CRC-16/T10-DIF': 'd0db',
  'CRC-16/PROFIBUS': 'a819',
  'CRC-24/OPENPGP': '21cf02',
  'CRC-32/ISO-HDLC': 'cbf43926',
  'CRC-32/JAMCRC': '340bc6d9',
  'CRC-32/BZIP2': 'fc891918',
  'CRC-32/MPEG-2': '0376e6e7',
  'CRC-32/CKSUM': '765e7680',
  'CRC-32/ISCSI': 'e3069283',
  'CRC-32C': 'e3069283',
  'CRC-32/XFER': 'bd0be338',
  // 1 + … + 9 as digits are 477 = 0x1dd; their XOR is 0x31.
  XOR: '31',
  BCC: '31',
  LRC: '23',
  'SUM-8': 'dd',
  'SUM-16': '01dd',
  'TWOS-8': '23',
  'TWOS-16': 'fe23',
  'ONES-8': '22',
  'ONES-16': 'fe22',
  'FLETCHER-16': '1ede',
  'FLETCHER-32': 'df09d509',
  'ADLER-32': '091e01de',
}

test.each(checksumNames)('%s of the nine digits is the published one', (type) => {
  const spec = { type, order: 'big' } as const
  expect(hex(createChecksum(spec).of(digits))).toBe(published[type])
})

/** Bit by bit, straight from the definition, on a register of its own width. */
function slowCrc(parameters: CrcParameters, bytes: Uint8Array): number {
  const { poly, init, refin, refout, xorout } = parameters
  const width = BigInt(parameters.width)
  const turn = (value: bigint, bits: bigint) => {
    let turned = 0n
    for (let bit = 0n; bit < bits; bit++) turned = (turned << 1n) | ((value >> bit) & 1n)
    return turned
  }
  let register = BigInt(init)
  for (const byte of bytes) {
    const bits = refin ? turn(BigInt(byte), 8n) : BigInt(byte)
    for (let bit = 7n; bit >= 0n; bit--) {
      const out = ((register >> (width - 1n)) ^ (bits >> bit)) & 1n
      register = (register << 1n) & ((1n << width) - 1n)
      if (out === 1n) register ^= BigInt(poly)
    }
  }
  return Number((refout ? turn(register, width) : register) ^ BigInt(xorout))
}

const anyParameters: fc.Arbitrary<CrcParameters> = fc
  .integer({ min: 8, max: 32 })
  .chain((width) => {
    const value = fc.nat(2 ** width - 1)
    const flag = fc.boolean()
    return fc.record({
      width: fc.constant(width),
      ...{ poly: value, init: value, xorout: value, refin: flag, refout: flag },
    })
  })

describe('a CRC', () => {
  it('is the one of the definition for any parameters', () => {
    fc.assert(
      fc.property(anyParameters, fc.uint8Array({ maxLength: 40 }), (parameters, bytes) => {
        const crc = createCrc(parameters)(bytes, 0, bytes.length)
        expect(crc).toBe(slowCrc(parameters, bytes))
      }),
    )
  })

  it('is the one of others for any bytes', () => {
    const others: Partial<Record<ChecksumName, (bytes: Buffer) => number>> = {
      ...{ 'CRC-8/SMBUS': crc8, 'CRC-8/MAXIM-DOW': crc81wire, 'CRC-16/ARC': crc16 },
      ...{ 'CRC-16/MODBUS': crc16modbus, 'CRC-16/KERMIT': crc16kermit },
      ...{ 'CRC-16/XMODEM': crc16xmodem, 'CRC-16/IBM-3740': crc16ccitt },
      ...{ 'CRC-24/OPENPGP': crc24, 'CRC-32/ISO-HDLC': crc32, 'CRC-32/JAMCRC': crcjam },
    }
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 100 }), (bytes) => {
        for (const [name, other] of Object.entries(others)) {
          const parameters = crcCatalogue[name as keyof typeof crcCatalogue]
          expect([name, createCrc(parameters)(bytes, 0, bytes.length)]).toEqual([
            name,
            other(Buffer.from(bytes)) >>> 0,
          ])
        }
      }),
    )
  })

  it('finds every burst that is no longer than it is', () => {
    const burst = fc.record({
      name: fc.constantFrom(...(Object.keys(crcCatalogue) as (keyof typeof crcCatalogue)[])),
      bytes: fc.uint8Array({ minLength: 4, maxLength: 60 }),
      at: fc.nat(10_000),
      flips: fc.integer({ min: 1, max: 255 }),
    })
    fc.assert(
      fc.property(burst, ({ name, bytes, at, flips }) => {
        const checksum = createChecksum({ type: name })
        const changed = bytes.slice()
        const place = at % bytes.length
        changed[place] = (changed[place] ?? 0) ^ flips
        expect(checksum.matches(checksum.of(bytes), bytes)).toBe(true)
        expect(checksum.matches(checksum.of(bytes), changed)).toBe(false)
      }),
    )
  })
})

describe('a checksum', () => {
  it('covers the part that is asked for', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...checksumNames),
        fc.uint8Array({ maxLength: 40 }),
        fc.nat(40),
        fc.nat(40),
        (type, bytes, a, b) => {
          const from = Math.min(a, b, bytes.length)
          const to = Math.min(Math.max(a, b), bytes.length)
          const checksum = createChecksum({ type })
          expect(checksum.of(bytes, from, to)).toEqual(checksum.of(bytes.slice(from, to)))
        },
      ),
    )
  })

  it('goes low byte first where that is the custom, and as it is told', () => {
    expect(hex(createChecksum({ type: 'CRC-16/MODBUS' }).of(digits))).toBe('374b')
    expect(hex(createChecksum({ type: 'CRC-16/XMODEM' }).of(digits))).toBe('31c3')
    expect(hex(createChecksum({ type: 'CRC-16/MODBUS', order: 'big' }).of(digits))).toBe('4b37')
    expect(hex(createChecksum({ type: 'SUM-16', order: 'little' }).of(digits))).toBe('dd01')
  })

  it('can be text', () => {
    const nmea = createChecksum({ type: 'XOR', as: 'HEX' })
    const sentence = ascii('GPGLL,5057.970,N,00146.110,E,142451,A')
    expect(Buffer.from(nmea.of(sentence)).toString()).toBe('27')
    const modbus = createChecksum({ type: 'CRC-16/MODBUS', as: 'hex' })
    expect(Buffer.from(modbus.of(digits)).toString()).toBe('4b37')
    expect(modbus.matches(ascii('4B37'), digits)).toBe(true)
    expect(modbus.matches(ascii('4b37'), digits)).toBe(true)
    expect(modbus.matches(ascii('4b38'), digits)).toBe(false)
    expect(modbus.matches(ascii('4b3'), digits)).toBe(false)
    expect(modbus.matches(Buffer.of(0x14, 0x42, 0x33, 0x37), digits)).toBe(false)
  })

  it('gives the sums of the articles about them', () => {
    const of = (type: ChecksumName, text: string) => hex(createChecksum({ type }).of(ascii(text)))
    expect(of('FLETCHER-16', 'abcde')).toBe('c8f0')
    expect(of('FLETCHER-16', 'abcdef')).toBe('2057')
    expect(of('FLETCHER-32', 'abcde')).toBe('f04fc729')
    expect(of('FLETCHER-32', 'abcdef')).toBe('56502d2a')
    expect(of('ADLER-32', 'Wikipedia')).toBe('11e60398')
  })
})

describe('a spec', () => {
  it('of a CRC by parameters is the CRC of that name', () => {
    const own = { type: 'CRC', width: 16, poly: 0x8005, init: 0xffff, refin: true } as const
    expect(createChecksum(own).of(digits)).toEqual(
      createChecksum({ type: 'CRC-16/MODBUS' }).of(digits),
    )
  })

  it.each([
    [{ type: 'CRC', poly: 7 }, 'width'],
    [{ type: 'CRC', width: 8 }, 'poly'],
    [{ type: 'CRC', width: 8, poly: 0x107 }, 'poly'],
    [{ type: 'CRC', width: 16, poly: 0x1021, init: 0x10000 }, 'init'],
    [{ type: 'LRC', poly: 7 }, 'poly'],
  ] as const)('that makes no sense is refused: %j', (spec, field) => {
    expect(checkChecksumSpec(spec)?.path).toEqual([field])
    expect(() => createChecksum(spec)).toThrow(`[invalid_config] ${field} `)
  })
})
