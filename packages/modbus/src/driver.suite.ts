import type { AddressInfo, Server } from 'node:net'
import { type Connection, type Memory, type Outcome, type Value } from '@mapper-sdk/core'
import { connectContext } from '@mapper-sdk/core/testing'
import { afterEach } from 'vitest'
import type { ModbusProtocol } from './config/protocol.ts'
import type { ModbusVisitor } from './config/visitor.ts'
import { modbusDriver } from './driver.ts'

/** What the tests opened, closed after each of them, last first. */
export const cleanUp: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step()
})

export const protocolOf = (port: number, more: Partial<ModbusProtocol> = {}): ModbusProtocol => ({
  transport: 'tcp',
  host: '127.0.0.1',
  port,
  tls: false,
  baudRate: 9600,
  dataBits: 8,
  stopBits: 1,
  parity: 'none',
  rs485: false,
  unit: 1,
  timeoutMs: 5000,
  connectTimeoutMs: 5000,
  maxRegistersPerRequest: 125,
  maxBitsPerRequest: 2000,
  maxGap: 16,
  maxInFlight: 1,
  writeFunction: 'auto',
  writeBits: 'auto',
  identify: false,
  ...more,
})
export const visitor = (address: number, more: Partial<ModbusVisitor> = {}): ModbusVisitor => ({
  table: 'holding',
  byteOrder: 'big',
  wordOrder: 'big',
  address,
  ...more,
})
export const registers = (...addresses: number[]) => addresses.map((address) => visitor(address))
export const signal = new AbortController().signal

export const memoryOf = (): Memory => {
  const kept = new Map<string, unknown>()
  return { get: (key) => kept.get(key), set: (key, value) => void kept.set(key, value) }
}

export async function connect(
  protocol: ModbusProtocol,
  memory = memoryOf(),
): Promise<Connection<ModbusProtocol, ModbusVisitor>> {
  const connection = await modbusDriver.connect(protocol, connectContext({ signal, memory }))
  cleanUp.push(() => connection.close())
  return connection
}

export async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

export const shown = (outcomes: readonly Outcome<Value>[]) =>
  outcomes.map((outcome) => (outcome.ok ? outcome.value : outcome.error.code))
