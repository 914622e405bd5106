import { createServer, type Socket } from 'node:net'
import { MapperError } from '@mapper-sdk/core'
import type { Bank } from './bank.ts'
import { lineDevice } from './line-device.ts'
import type { LineFraming } from './line-frames.ts'
import type { ModbusSimulator, SimulatorOptions } from './simulator.ts'

export interface LineSimulator extends ModbusSimulator {
  readonly port: number
  /** Open connections. */
  readonly connections: number
  /** Cuts all connections by RST. */
  drop(): void
}

export interface LineSimulatorOptions extends SimulatorOptions {
  readonly framing: LineFraming
  /** Any free port if left out. */
  readonly port?: number
  /** 127.0.0.1 if left out. */
  readonly host?: string
}

/**
 * Serves the bank as the units of a line behind a device server that knows nothing of Modbus: what
 * comes from any connection goes to the line, and what the line says goes to all connections there
 * are then, also what is late and was asked on another. Rejects when the port cannot be had.
 */
export async function serveLine(
  bank: Bank,
  { host = '127.0.0.1', port: wanted = 0, ...options }: LineSimulatorOptions,
): Promise<LineSimulator> {
  const sockets = new Set<Socket>()
  const device = lineDevice(bank, {
    ...options,
    put(bytes) {
      for (const socket of sockets) if (socket.writable) socket.write(bytes)
    },
    cut(how) {
      for (const socket of sockets) {
        if (how === 'rst') socket.resetAndDestroy()
        else socket.end()
      }
    },
  })
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
    socket.on('data', device.receive)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(MapperError.from(error, 'unreachable')))
    server.listen(wanted, host, resolve)
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : wanted
  return {
    port,
    get requests() {
      return device.requests
    },
    get connections() {
      return sockets.size
    },
    faults: device.faults,
    mute: device.mute,
    drop() {
      for (const socket of sockets) socket.resetAndDestroy()
    },
    close: () =>
      new Promise((resolve) => {
        device.stop()
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
}
