import { MapperError, type Write } from '@mapper-sdk/core'
import type { ModbusProtocol } from '../config/protocol.ts'
import type { ModbusVisitor } from '../config/visitor.ts'
import { toBit } from '../data/codec.ts'
import { compileVisitor } from '../data/compile.ts'
import { mostWritten } from '../link/pdu.ts'
import type { Change } from './change.ts'

/** The most registers that one request can write; function 23 has room for fewer. */
export const mostRegisters = ({ writeFunction }: ModbusProtocol): number =>
  writeFunction === 'read-write' ? mostWritten.whileReading : mostWritten.registers

/** What a write changes in the device. Throws the reason why it cannot be written. */
export function changeFor(
  { visitor, value }: Write<ModbusVisitor>,
  protocol: ModbusProtocol,
): Change {
  const one = compileVisitor(visitor, protocol)
  const { table, address } = one
  if (table === 'discrete' || table === 'input') {
    const name = table === 'input' ? 'input registers' : 'discrete inputs'
    throw new MapperError('unsupported', `${table} ${address}: ${name} are read only in Modbus`)
  }
  if (one.kind === 'bit') return { kind: 'coils', address, values: [one.encode(value)] }
  if (visitor.bit !== undefined) {
    // A little-endian register has its bytes the other way round.
    const mask = 1 << (visitor.byteOrder === 'little' ? visitor.bit ^ 8 : visitor.bit)
    const orMask = toBit(value) ? mask : 0
    return { kind: 'part', address, registers: [{ andMask: ~mask & 0xffff, orMask }] }
  }
  const most = mostRegisters(protocol)
  if (one.count > most) {
    throw new MapperError(
      'unsupported',
      `holding ${address}: ${one.count} registers, but one request can write only ${most}`,
    )
  }
  return { kind: 'whole', address, data: one.encode(value) }
}
