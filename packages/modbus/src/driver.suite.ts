import type { AddressInfo, Server } from 'node:net'
import { type Connection, type Memory, type Outcome, type Value } from '@mapper-sdk/core'
import { connectContext } from '@mapper-sdk/core/testing'
import { afterEach } from 'vitest'
import type { ModbusProtocol } from './config/protocol.ts'
import type { ModbusVisitor } from './config/visitor.ts'
import { modbusDriver } from './driver.ts'
import {
  createBank,
  serveTcp,
  type Fault,
  type SimulatedRequest,
  type TcpSimulatorOptions,
} from './simulator/index.ts'

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
  maxInFlight: 16,
  requestDelayMs: 0,
  pauseAfterConnectMs: 0,
  reconnectEachCycle: false,
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

export const count = (address: number, length: number) =>
  Array.from({ length }, (_, index) => address + index)

/**
 * A device whose registers and inputs hold their own address, with a list of all ranges that were
 * asked for. `fault` decides for each of them what goes wrong.
 */
export async function startDevice(
  fault: (request: SimulatedRequest) => Fault | undefined = () => undefined,
  options: TcpSimulatorOptions = {},
) {
  const bank = createBank()
  for (const table of ['holding', 'input'] as const) bank.setRegister(table, 0, count(0, 0x10000))
  const asked: string[] = []
  const simulator = await serveTcp(bank, {
    ...options,
    faults: (request) => {
      asked.push(`${request.address}+${request.count}`)
      return fault(request)
    },
  })
  cleanUp.push(() => simulator.close())
  return { port: simulator.port, simulator, bank, asked: () => asked.splice(0) }
}

/** Exception `code` for each range that touches one of the places. */
export const refusing =
  (places: ReadonlySet<number>, code: number) =>
  ({ address, count: length }: SimulatedRequest): Fault | undefined =>
    count(address, length).some((place) => places.has(place))
      ? { kind: 'exception', code }
      : undefined
