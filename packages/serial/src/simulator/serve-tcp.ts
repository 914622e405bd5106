import { createServer, type Socket } from 'node:net'
import { MapperError } from '@mapper-sdk/core'
import type { SimulatedDevice } from './simulated-device.ts'
import { simulatedLine } from './simulated-line.ts'
import type { SerialSimulator, SimulatorOptions } from './simulator.ts'

export interface TcpSimulator extends SerialSimulator {
  readonly port: number
  /** Open connections. */
  readonly connections: number
  /** Cuts all connections by RST. */
  drop(): void
}

export interface TcpSimulatorOptions extends SimulatorOptions {
  /** Any free port if left out. */
  readonly port?: number
  /** 127.0.0.1 if left out. */
  readonly host?: string
}

/** Bytes that wait for a connection that does not read; then it misses what is said, as on a line. */
const mostWaiting = 1_048_576

/**
 * Serves devices behind a device server: what comes from any connection goes to the line, and what the
 * line says goes to all connections there are then. Rejects when the port cannot be had.
 */
export async function serveTcp(
  devices: readonly SimulatedDevice[],
  { host = '127.0.0.1', port: wanted = 0, ...options }: TcpSimulatorOptions = {},
): Promise<TcpSimulator> {
  const sockets = new Set<Socket>()
  const line = simulatedLine(devices, {
    ...options,
    put(bytes) {
      for (const socket of sockets) {
        if (socket.writable && socket.writableLength < mostWaiting) socket.write(bytes)
      }
    },
  })
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
    socket.on('data', line.receive)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      line.stop()
      reject(MapperError.from(error, 'unreachable'))
    })
    server.listen(wanted, host, resolve)
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : wanted
  return {
    ...line,
    port,
    get requests() {
      return line.requests
    },
    get connections() {
      return sockets.size
    },
    drop() {
      for (const socket of sockets) socket.resetAndDestroy()
    },
    close: () =>
      new Promise((resolve) => {
        line.stop()
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
}
