import { createRequire } from 'node:module'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { crc16 } from './crc16.ts'

// The file has no types of its own.
const reference = createRequire(import.meta.url)('modbus-serial/utils/crc16') as (
  bytes: Buffer,
) => number

it('is the CRC of modbus-serial for any bytes and any part of them', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), (bytes, cut) => {
      expect(crc16(bytes)).toBe(reference(Buffer.from(bytes)))
      const start = Math.min(cut, bytes.length)
      expect(crc16(bytes, start)).toBe(reference(Buffer.from(bytes.subarray(start))))
    }),
  )
})
