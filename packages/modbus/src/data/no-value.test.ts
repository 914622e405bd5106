import { describe, expect, it } from 'vitest'
import type { ModbusVisitor } from '../config/visitor.ts'
import { decoded, registersOf } from './codec.suite.ts'

describe('what stands for no value is none', () => {
  it.each<[Partial<ModbusVisitor>, string]>([
    [{ type: 'int16', noValue: 'sunspec' }, '8000'],
    [{ type: 'int16', noValue: 'SunSpec', byteOrder: 'little' }, '0080'],
    [{ type: 'uint16', noValue: 'sunspec' }, 'ffff'],
    [{ type: 'uint16', noValue: 'sunspec', bitNames: '0=a' }, 'ffff'],
    [{ type: 'uint16', noValue: 'sunspec', bits: '0-3' }, 'ffff'],
    [{ type: 'uint16', noValue: 'sunspec', fractionBits: 2 }, 'ffff'],
    [{ type: 'uint16', noValue: 'sunspec', scaleFactorAddress: 1 }, 'ffffffff'],
    [{ type: 'int32', noValue: 'sunspec' }, '80000000'],
    [{ type: 'int32', noValue: 'sunspec', wordOrder: 'little' }, '00008000'],
    [{ type: 'uint32', noValue: 'sunspec' }, 'ffffffff'],
    [{ type: 'int64', noValue: 'sunspec' }, '8000000000000000'],
    [{ type: 'uint64', noValue: 'sunspec' }, 'ffffffffffffffff'],
    [{ type: 'float16', noValue: 'sunspec' }, '7e00'],
    [{ type: 'float32', noValue: 'sunspec' }, '7fc00000'],
    [{ type: 'float32', noValue: 'nan' }, 'ffffffff'],
    [{ type: 'float64', noValue: 'sunspec' }, '7ff8000000000000'],
    [{ type: 'float32', noValue: '-9999, NaN' }, 'c61c3c00'],
    [{ type: 'float32', noValue: '3.4e38' }, '7f7fc99e'],
    [{ type: 'float32', noValue: '0x7f7fffff' }, '7f7fffff'],
    [{ type: 'int16', noValue: -1 }, 'ffff'],
    [{ type: 'int16', noValue: '32767,-32768' }, '8000'],
    [{ type: 'int16', noValue: '0x7fff, sunspec' }, '7fff'],
    [{ type: 'int8', noValue: '-128' }, '7780'],
    [{ type: 'uint8', noValue: '0xff', byte: 'high' }, 'ff01'],
    [{ type: 'bcd16', noValue: '0xffff' }, 'ffff'],
    [{ type: 'bcd16', noValue: '9999' }, '9999'],
    [{ type: 'bcd8', noValue: 99, byte: 'high' }, '9900'],
    [{ type: 'uint64', noValue: '18446744073709551614' }, 'fffffffffffffffe'],
    [{ type: 'string', length: 2, noValue: 'sunspec' }, '00000000'],
    [{ type: 'string', length: 2, noValue: 'sunspec', byte: 'low' }, 'ff00ff61'],
  ])('%o: %s', (more, bytes) => {
    expect(() => decoded(more, bytes)).toThrow(
      /\[unsupported\] the device has no (value|text) here/,
    )
  })

  it.each<[Partial<ModbusVisitor>, string, unknown]>([
    [{ type: 'int16' }, '8000', -32_768],
    [{ type: 'int16', noValue: 'sunspec' }, '8001', -32_767],
    [{ type: 'int16', noValue: 'sunspec' }, 'ffff', -1],
    [{ type: 'uint16', noValue: 'sunspec' }, '8000', 32_768],
    [{ type: 'int32', noValue: 'sunspec' }, '00008000', 32_768],
    [{ type: 'uint32', noValue: 'sunspec' }, '0000ffff', 65_535],
    [{ type: 'uint8', noValue: '0xff', byte: 'high' }, '01ff', 1],
    [{ type: 'uint16', noValue: '15', bits: '0-3' }, 'ff0f', 15],
    [{ type: 'float32', noValue: '-9999' }, '3f800000', 1],
    [{ type: 'float32', noValue: '0' }, '80000000', -0],
    [{ type: 'string', length: 2, noValue: 'sunspec' }, '20000000', ''],
  ])('%o: %s is a value', (more, bytes, value) => expect(decoded(more, bytes)).toBe(value))

  it('still finds what is no number where that is not listed', () => {
    expect(decoded({ type: 'float32', noValue: '-9999' }, '7fc00000')).toBeNaN()
  })
})

describe('what stands for no value is not written', () => {
  it.each<[Partial<ModbusVisitor>, number | string]>([
    [{ type: 'int16', noValue: 'sunspec' }, -32_768],
    [{ type: 'uint32', noValue: 'sunspec', wordOrder: 'little' }, 0xffff_ffff],
    [{ type: 'uint8', noValue: '255', byte: 'high' }, 255],
    [{ type: 'float32', noValue: '-9999' }, -9999],
    [{ type: 'uint16', noValue: '0', bitNames: '0=a' }, 'none'],
    [{ type: 'uint16', noValue: 'sunspec', fractionBits: 1 }, 32_767.5],
    [{ type: 'string', length: 2, noValue: 'sunspec' }, ''],
  ])('%o: %s', (more, value) => {
    expect(() => registersOf(more).encode(value)).toThrow(/\[bad_data\].*no value/)
  })
})
