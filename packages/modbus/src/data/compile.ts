import { MapperError, type Value } from '@mapper-sdk/core'
import { compileRegisters, toBit, widths, type RegisterCodec } from './codec.ts'
import type { ModbusProtocol } from '../config/protocol.ts'
import type { ModbusVisitor, ValueType } from '../config/visitor.ts'
import type { ReadItem } from '../read/plan.ts'

/** A visitor made ready: where it is, and how to turn its bits or registers into a value and back. */
export type Compiled = ReadItem &
  (
    | {
        readonly kind: 'bit'
        decode(set: boolean): Value
        encode(value: Value): boolean
      }
    | ({ readonly kind: 'registers' } & RegisterCodec)
  )

/** Throws `invalid_config` naming the field if fields of the visitor do not fit together. */
export function compileVisitor(visitor: ModbusVisitor, protocol: ModbusProtocol): Compiled {
  const { table, address } = visitor
  const isBitTable = table === 'coil' || table === 'discrete'
  const type = visitor.type ?? (isBitTable ? 'bool' : 'uint16')
  if (isBitTable) return compileBit(visitor, type)
  if (visitor.bit !== undefined && type !== 'bool') {
    throw new MapperError('invalid_config', `bit: a ${type} takes whole registers; use type bool`)
  }
  checkLength(visitor, type)
  const codec = compileRegisters(visitor, type)
  if (codec.count > protocol.maxRegistersPerRequest) {
    throw new MapperError(
      'invalid_config',
      `length: ${codec.count} registers, but the device answers ${protocol.maxRegistersPerRequest} in a request (maxRegistersPerRequest)`,
    )
  }
  if (address + codec.count > 65_536) {
    throw new MapperError(
      'invalid_config',
      `address: ${codec.count} registers from ${address} reach beyond the last one, 65535`,
    )
  }
  return { kind: 'registers', table, address, ...codec }
}

function compileBit(visitor: ModbusVisitor, type: ValueType): Compiled {
  const { table, address } = visitor
  if (type === 'string' || type === 'bytes' || type.startsWith('float')) {
    throw new MapperError('invalid_config', `type: a ${table} is one bit, it holds no ${type}`)
  }
  if (visitor.bit !== undefined) {
    throw new MapperError('invalid_config', `bit: a ${table} has only one; leave it out`)
  }
  checkLength(visitor, 'bool')
  const decode = type === 'bool' ? (set: boolean) => set : (set: boolean) => (set ? 1 : 0)
  return { kind: 'bit', table, address, count: 1, decode, encode: toBit }
}

function checkLength({ length }: ModbusVisitor, type: ValueType) {
  if (length === undefined || type === 'string' || type === 'bytes') return
  if (length === widths[type]) return
  throw new MapperError(
    'invalid_config',
    `length: ${type} takes ${widths[type]}, not ${length}; leave it out or choose another type`,
  )
}
