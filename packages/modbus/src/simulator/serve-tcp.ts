import { createServer, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import { MapperError } from '@mapper-sdk/core'
import { createTimers } from '@mapper-sdk/core/simulating'
import type { Bank } from './bank.ts'
import type { Sending } from './faults.ts'
import { mbapDevice, mbapLength } from './mbap-device.ts'
import type { ModbusSimulator, SimulatorOptions } from './simulator.ts'

export interface TcpSimulator extends ModbusSimulator {
  readonly port: number
  /** Open connections. */
  readonly connections: number
  /** The most requests of one connection that waited for their answers at once. */
  readonly mostAtOnce: number
  /** Cuts all connections by RST. */
  drop(): void
}

export interface TcpSimulatorOptions extends SimulatorOptions {
  /** Any free port if left out. */
  readonly port?: number
  /** 127.0.0.1 if left out. */
  readonly host?: string
  /** Serves Modbus/TCP Security instead of plain Modbus TCP. */
  readonly tls?: SimulatedTls
  /** As devices do that know one request at a time: what comes before the answer is out gets none. */
  readonly dropsPipelined?: boolean
}

/** PEM texts. */
export interface SimulatedTls {
  readonly cert: string
  readonly key: string
  /** Demands a certificate of the client that one of these signed. */
  readonly clientCa?: string
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3'
}

const holdMs = 20

/** Serves the bank as a Modbus TCP device. Rejects when the port cannot be had. */
export async function serveTcp(
  bank: Bank,
  options: TcpSimulatorOptions = {},
): Promise<TcpSimulator> {
  const { host = '127.0.0.1', port: wanted = 0, tls, dropsPipelined = false } = options
  const device = mbapDevice(bank, options)
  const timers = createTimers()
  let mostAtOnce = 0
  /** The sockets below TLS, if there is TLS. */
  const wires = new Set<Socket>()
  const server = tls === undefined ? createServer({ noDelay: true }) : createTlsServer(secured(tls))
  server.on('connection', (wire: Socket) => {
    wires.add(wire)
    wire.on('error', () => undefined)
    wire.on('close', () => wires.delete(wire))
  })
  server.on(tls === undefined ? 'connection' : 'secureConnection', serve)

  function serve(socket: Socket): void {
    let rest: Buffer = Buffer.alloc(0)
    let held: Buffer[] = []
    let ending = false
    let atOnce = 0
    socket.on('error', () => undefined)

    const put = (bytes: Buffer) => {
      if (!socket.writable || ending) return
      socket.write(held.length === 0 ? bytes : Buffer.concat([...held, bytes]))
      held = []
    }
    const dispatch = ({ bytes, split, twice, withNext, end }: Sending) => {
      if (split) for (const byte of bytes) put(Buffer.of(byte))
      else if (withNext) {
        held.push(bytes)
        timers.later(holdMs, () => held.length > 0 && put(Buffer.alloc(0)))
      } else if (bytes.length > 0) put(twice ? Buffer.concat([bytes, bytes]) : bytes)
      // Whoever goes down in the middle of an answer sends no others.
      if (end !== undefined) ending = true
      if (end === 'fin') socket.end()
      if (end === 'rst') timers.later(1, () => cut(socket.remotePort))
    }

    socket.on('data', (chunk: Buffer) => {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      const ready: Buffer[] = []
      let at = 0
      let here = 0
      while (bytes.length - at >= 6) {
        const length = mbapLength(bytes, at)
        if (length === undefined) return socket.destroy()
        if (at + length > bytes.length) break
        const frame = bytes.subarray(at, at + length)
        at += length
        const sending = dropsPipelined && atOnce > 0 ? device.ignore() : device.answer(frame)
        if (sending === undefined) continue
        mostAtOnce = Math.max(mostAtOnce, ++atOnce)
        if (sending.afterMs > 0) {
          timers.later(sending.afterMs, () => {
            atOnce--
            dispatch(sending)
          })
          continue
        }
        here++
        if (sending.split ?? sending.twice ?? sending.withNext ?? sending.end) dispatch(sending)
        else ready.push(sending.bytes)
      }
      rest = bytes.subarray(at)
      atOnce -= here
      // All answers to one segment go out in one.
      if (ready.length > 0) put(ready.length === 1 && ready[0] ? ready[0] : Buffer.concat(ready))
    })
  }

  function cut(remotePort: number | undefined): void {
    for (const wire of wires) if (wire.remotePort === remotePort) wire.resetAndDestroy()
  }

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
      return wires.size
    },
    get mostAtOnce() {
      return mostAtOnce
    },
    faults: device.faults,
    mute: device.mute,
    drop() {
      for (const wire of wires) wire.resetAndDestroy()
    },
    close: () =>
      new Promise((resolve) => {
        timers.stop()
        for (const wire of wires) wire.destroy()
        server.close(() => resolve())
      }),
  }
}

const secured = ({ cert, key, clientCa, maxVersion }: SimulatedTls): TlsOptions => ({
  cert,
  key,
  noDelay: true,
  minVersion: 'TLSv1.2',
  ...(maxVersion && { maxVersion }),
  ...(clientCa !== undefined && { ca: clientCa, requestCert: true, rejectUnauthorized: true }),
})
