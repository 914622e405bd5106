import { MapperError } from '@mapper-sdk/core'
import type { ModbusVisitor } from '../config/visitor.ts'
import type { ReadItem } from '../read/plan.ts'
import type { CompiledRegisters } from './compiled.ts'
import { conflict } from './conflict.ts'
import { byPowerOfTen, timesPowerOfTen } from './fixed-point.ts'
import { changeOf } from './register-change.ts'
import { viewOf, type RegisterCodec } from './register-codec.ts'

/**
 * A whole number times ten to the power that another register holds (SunSpec sunssf). Both are read in
 * one request, because a device may change them together. Throws `invalid_config` if they overlap.
 */
export function withScaleFactor(
  codec: RegisterCodec<number | bigint>,
  { table, address }: Pick<ReadItem, 'table' | 'address'>,
  factorAddress: number,
  byteOrder: ModbusVisitor['byteOrder'],
): CompiledRegisters {
  if (factorAddress >= address && factorAddress < address + codec.count) {
    throw conflict('scaleFactorAddress', `is ${factorAddress}, where the value itself is`)
  }
  const start = Math.min(address, factorAddress)
  const end = Math.max(address + codec.count, factorAddress + 1)
  const exponentAt = (view: DataView, at: number) =>
    exponentOf(view.getInt16(at, byteOrder === 'little'))
  return {
    kind: 'registers',
    table,
    address: start,
    count: end - start,
    decode(view, at) {
      const exponent = exponentAt(view, at + 2 * (factorAddress - start))
      return timesPowerOfTen(codec.decode(view, at + 2 * (address - start)), exponent)
    },
    readFirst: { table, address: factorAddress, count: 1 },
    encode(value, first) {
      if (first === undefined) throw new MapperError('internal', 'the scale factor was not read')
      const exponent = exponentAt(viewOf(first), 0)
      return changeOf(address, codec.encode(byPowerOfTen(value, exponent)))
    },
  }
}

function exponentOf(held: number): number {
  if (held >= -10 && held <= 10) return held
  if (held === -0x8000) {
    throw new MapperError(
      'unsupported',
      'the device has no scale factor here (it holds 0x8000), so there is no value',
    )
  }
  throw new MapperError('bad_data', `the scale factor is ${held}, but goes from -10 to 10`)
}
