/** What makes a CRC, in the words of the usual catalogues: the polynomial without its highest bit, not reflected. */
export interface CrcParameters {
  /** Bits of the checksum, 8 to 32. */
  readonly width: number
  readonly poly: number
  readonly init: number
  /** Whether the lowest bit of each byte goes first. */
  readonly refin: boolean
  /** Whether the result is turned round, lowest bit first. */
  readonly refout: boolean
  readonly xorout: number
}

const crc =
  (width: number, poly: number) =>
  (init: number, reflected: boolean, xorout: number): CrcParameters => ({
    ...{ width, poly, init, refin: reflected, refout: reflected, xorout },
  })

const crc8 = crc(8, 0x07)
const crc8Dallas = crc(8, 0x31)
const crc8J1850 = crc(8, 0x1d)
const crc8Wcdma = crc(8, 0x9b)
const crc16Ibm = crc(16, 0x8005)
const crc16Ccitt = crc(16, 0x1021)
const crc16Dnp = crc(16, 0x3d65)
const crc32 = crc(32, 0x04c11db7)
const ones32 = 0xffffffff

/** CRCs by the names of the public catalogue, and by other names that manuals use for them. */
export const crcCatalogue = {
  'CRC-8/SMBUS': crc8(0, false, 0),
  'CRC-8/I-432-1': crc8(0, false, 0x55),
  'CRC-8/ROHC': crc8(0xff, true, 0),
  'CRC-8/MAXIM-DOW': crc8Dallas(0, true, 0),
  'CRC-8/NRSC-5': crc8Dallas(0xff, false, 0),
  'CRC-8/SAE-J1850': crc8J1850(0xff, false, 0xff),
  'CRC-8/TECH-3250': crc8J1850(0xff, true, 0),
  'CRC-8/I-CODE': crc8J1850(0xfd, false, 0),
  'CRC-8/AUTOSAR': crc(8, 0x2f)(0xff, false, 0xff),
  'CRC-8/CDMA2000': crc8Wcdma(0xff, false, 0),
  'CRC-8/WCDMA': crc8Wcdma(0, true, 0),
  'CRC-8/DVB-S2': crc(8, 0xd5)(0, false, 0),
  'CRC-8/DARC': crc(8, 0x39)(0, true, 0),
  'CRC-16/ARC': crc16Ibm(0, true, 0),
  'CRC-16/MODBUS': crc16Ibm(0xffff, true, 0),
  'CRC-16/USB': crc16Ibm(0xffff, true, 0xffff),
  'CRC-16/MAXIM-DOW': crc16Ibm(0, true, 0xffff),
  'CRC-16/UMTS': crc16Ibm(0, false, 0),
  'CRC-16/CMS': crc16Ibm(0xffff, false, 0),
  'CRC-16/DDS-110': crc16Ibm(0x800d, false, 0),
  'CRC-16/XMODEM': crc16Ccitt(0, false, 0),
  'CRC-16/IBM-3740': crc16Ccitt(0xffff, false, 0),
  'CRC-16/CCITT-FALSE': crc16Ccitt(0xffff, false, 0),
  'CRC-16/SPI-FUJITSU': crc16Ccitt(0x1d0f, false, 0),
  'CRC-16/GENIBUS': crc16Ccitt(0xffff, false, 0xffff),
  'CRC-16/KERMIT': crc16Ccitt(0, true, 0),
  'CRC-16/X-25': crc16Ccitt(0xffff, true, 0xffff),
  'CRC-16/MCRF4XX': crc16Ccitt(0xffff, true, 0),
  'CRC-16/DNP': crc16Dnp(0, true, 0xffff),
  'CRC-16/EN-13757': crc16Dnp(0, false, 0xffff),
  'CRC-16/T10-DIF': crc(16, 0x8bb7)(0, false, 0),
  'CRC-16/PROFIBUS': crc(16, 0x1dcf)(0xffff, false, 0xffff),
  'CRC-24/OPENPGP': crc(24, 0x864cfb)(0xb704ce, false, 0),
  'CRC-32/ISO-HDLC': crc32(ones32, true, ones32),
  'CRC-32/JAMCRC': crc32(ones32, true, 0),
  'CRC-32/BZIP2': crc32(ones32, false, ones32),
  'CRC-32/MPEG-2': crc32(ones32, false, 0),
  'CRC-32/CKSUM': crc32(0, false, ones32),
  'CRC-32/ISCSI': crc(32, 0x1edc6f41)(ones32, true, ones32),
  'CRC-32C': crc(32, 0x1edc6f41)(ones32, true, ones32),
  'CRC-32/XFER': crc(32, 0x000000af)(0, false, 0),
} as const satisfies Readonly<Record<string, CrcParameters>>

export type CrcName = keyof typeof crcCatalogue
