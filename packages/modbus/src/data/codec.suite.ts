import type { Value } from '@mapper-sdk/core'
import type { ModbusProtocol } from '../config/protocol.ts'
import type { ModbusVisitor } from '../config/visitor.ts'
import type { CompiledRegisters } from './compiled.ts'
import { compileVisitor } from './compile.ts'
import { applyMasks } from './register-change.ts'
import { viewOf } from './register-codec.ts'

export const orders = ['big', 'little'] as const

export const visitorOf = (more: Partial<ModbusVisitor> = {}): ModbusVisitor => ({
  table: 'holding',
  address: 0,
  byteOrder: 'big',
  wordOrder: 'big',
  ...more,
})

export const protocol: ModbusProtocol = {
  transport: 'tcp',
  host: 'h',
  port: 502,
  baudRate: 9600,
  dataBits: 8,
  stopBits: 1,
  parity: 'none',
  rs485: false,
  unit: 1,
  timeoutMs: 1000,
  connectTimeoutMs: 1000,
  maxRegistersPerRequest: 125,
  maxBitsPerRequest: 2000,
  maxGap: 16,
  maxInFlight: 1,
  requestDelayMs: 0,
  pauseAfterConnectMs: 0,
  reconnectEachCycle: false,
  writeFunction: 'auto',
  writeBits: 'auto',
  identify: false,
}

export function registersOf(
  more: Partial<ModbusVisitor>,
  theirs: Partial<ModbusProtocol> = {},
): CompiledRegisters {
  const compiled = compileVisitor(visitorOf(more), { ...protocol, ...theirs })
  if (compiled.kind === 'bit') throw new Error('a bit, not registers')
  return compiled
}

export const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
export const fromHex = (text: string) =>
  new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'))

/** What the registers of a visitor at 0 mean. */
export const decoded = (more: Partial<ModbusVisitor>, bytes: string): Value =>
  registersOf(more).decode(viewOf(fromHex(bytes)), 0)

/** The registers from `address` of the item on, after a write of the value to what they were before. */
export function written(
  one: CompiledRegisters,
  value: Value,
  before = new Uint8Array(2 * one.count),
): Uint8Array {
  const { readFirst } = one
  const from = readFirst === undefined ? 0 : 2 * (readFirst.address - one.address)
  const change = one.encode(value, readFirst && before.slice(from, from + 2))
  const at = 2 * (change.address - one.address)
  const after = before.slice()
  const size = change.kind === 'whole' ? change.data.length : 2 * change.registers.length
  const bytes =
    change.kind === 'whole'
      ? change.data
      : applyMasks(change.registers, before.slice(at, at + size))
  after.set(bytes, at)
  return after
}
