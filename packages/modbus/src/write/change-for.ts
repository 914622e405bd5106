import { MapperError, type Write } from '@mapper-sdk/core'
import type { ModbusProtocol } from '../config/protocol.ts'
import type { ModbusVisitor } from '../config/visitor.ts'
import { compileVisitor } from '../data/compile.ts'
import { mostWritten } from '../link/pdu.ts'
import type { ReadItem } from '../read/plan.ts'
import { sizeOf, type Change } from './change.ts'

/** The most registers that one request can write; function 23 has room for fewer. */
export const mostRegisters = ({ writeFunction }: ModbusProtocol): number =>
  writeFunction === 'read-write' ? mostWritten.whileReading : mostWritten.registers

/**
 * What a write changes in the device. `readFirst` is asked for what the value depends on, such as a
 * scale factor. Throws the reason why it cannot be written.
 */
export async function changeFor(
  { visitor, value }: Write<ModbusVisitor>,
  protocol: ModbusProtocol,
  readFirst: (item: ReadItem) => Promise<Uint8Array>,
): Promise<Change> {
  const one = compileVisitor(visitor, protocol)
  const { table, address } = one
  if (table === 'discrete' || table === 'input') {
    const name = table === 'input' ? 'input registers' : 'discrete inputs'
    throw new MapperError('unsupported', `${table} ${address}: ${name} are read only in Modbus`)
  }
  if (one.kind === 'bit') return { kind: 'coils', address, values: [one.encode(value)] }
  const first = one.readFirst && (await readFirst(one.readFirst))
  const change = one.encode(value, first)
  const most = mostRegisters(protocol)
  if (sizeOf(change) > most) {
    throw new MapperError(
      'unsupported',
      `holding ${address}: ${sizeOf(change)} registers, but one request can write only ${most}`,
    )
  }
  return change
}
