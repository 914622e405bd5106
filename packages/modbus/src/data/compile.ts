import { MapperError, type Conflict, type ModelProperty } from '@mapper-sdk/core'
import type { ModbusProtocol } from '../config/protocol.ts'
import type { ModbusVisitor, ValueType } from '../config/visitor.ts'
import { compileNumber, compileRegisters } from './codec.ts'
import type { Compiled, CompiledBit, CompiledRegisters } from './compiled.ts'
import { checkFields, conflict, numberAt } from './conflict.ts'
import { toBit } from './refusal.ts'
import { changeOf } from './register-change.ts'
import { withScaleFactor } from './scale-factor.ts'
import { isBlock, isInteger, named, widths } from './types.ts'

/** Throws `invalid_config`, the field first, if fields of the visitor do not fit together or the protocol. */
export function compileVisitor(visitor: ModbusVisitor, protocol: ModbusProtocol): Compiled {
  const { table, bit } = visitor
  const isBitTable = table === 'coil' || table === 'discrete'
  const type = visitor.type ?? (isBitTable || bit !== undefined ? 'bool' : 'uint16')
  const address = numberAt('address', visitor.address, table, bit)
  checkFields(visitor, type)
  if (isBitTable) return compileBit(visitor, address, type)
  checkLength(visitor, type)
  const own = isBlock(type) ? (visitor.length ?? 1) : widths[type]
  if (address + own > 65_536) {
    throw conflict(
      'address',
      `is ${address}, from where ${own} registers reach beyond the last, 65535`,
    )
  }
  const compiled = compileAt(visitor, address, type)
  const { count } = compiled
  const most = protocol.maxRegistersPerRequest
  if (count > most) {
    const field = isBlock(type) ? 'length' : compiled.readFirst ? 'scaleFactorAddress' : 'type'
    const limit = `the device answers ${most} in a request (maxRegistersPerRequest)`
    throw conflict(field, `makes it ${count} registers to read at once, but ${limit}`)
  }
  return compiled
}

/** What only compiling shows to be wrong with a visitor that passed the schema; nothing if it is right. */
export function checkVisitor(
  protocol: ModbusProtocol,
  visitor: ModbusVisitor,
  property?: ModelProperty,
): Conflict | undefined {
  if (visitor.bitNames !== undefined && property !== undefined && property.type !== 'STRING') {
    const message = `makes texts, but the property is ${property.type} in its model; make it STRING there`
    return { field: 'bitNames', message }
  }
  try {
    compileVisitor(visitor, protocol)
    return undefined
  } catch (thrown) {
    if (!(thrown instanceof MapperError) || thrown.code !== 'invalid_config') throw thrown
    const [field = '', ...words] = thrown.detail.split(' ')
    return { field, message: words.join(' ') }
  }
}

function compileAt(visitor: ModbusVisitor, address: number, type: ValueType): CompiledRegisters {
  const { table, scaleFactorAddress, byteOrder } = visitor
  if (scaleFactorAddress !== undefined && isInteger(type)) {
    const factorAddress = numberAt('scaleFactorAddress', scaleFactorAddress, table)
    const number = compileNumber(visitor, type)
    return withScaleFactor(number, { table, address }, factorAddress, byteOrder)
  }
  const { count, decode, encode } = compileRegisters(visitor, type)
  return {
    kind: 'registers',
    table,
    address,
    count,
    decode,
    encode: (value) => changeOf(address, encode(value)),
  }
}

function compileBit(visitor: ModbusVisitor, address: number, type: ValueType): CompiledBit {
  const { table } = visitor
  if (type !== 'bool' && !isInteger(type)) {
    throw conflict('type', `is ${type}, but a ${table} is one bit; use bool, or leave it out`)
  }
  checkLength(visitor, 'bool')
  const decode = type === 'bool' ? (set: boolean) => set : (set: boolean) => (set ? 1 : 0)
  return { kind: 'bit', table, address, count: 1, decode, encode: toBit }
}

function checkLength({ length }: ModbusVisitor, type: ValueType) {
  if (length === undefined || isBlock(type) || length === widths[type]) return
  throw conflict(
    'length',
    `is ${length}, but ${named(type)} takes ${widths[type]}; leave it out or choose another type`,
  )
}
