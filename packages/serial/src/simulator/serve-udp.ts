import { createSocket, type RemoteInfo } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { MapperError } from '@mapper-sdk/core'
import type { SimulatedDevice } from './simulated-device.ts'
import { simulatedLine } from './simulated-line.ts'
import type { SerialSimulator, SimulatorOptions } from './simulator.ts'

export interface UdpSimulator extends SerialSimulator {
  readonly port: number
}

export interface UdpSimulatorOptions extends SimulatorOptions {
  /** Any free port if left out. */
  readonly port?: number
  /** An IP address; 127.0.0.1 if left out. */
  readonly host?: string
}

/**
 * Serves devices behind a device server that speaks UDP: what is said goes to the last sender, each frame
 * in a datagram of its own; before anybody sent anything it is lost. Rejects when the port cannot be had.
 */
export async function serveUdp(
  devices: readonly SimulatedDevice[],
  { host = '127.0.0.1', port: wanted = 0, ...options }: UdpSimulatorOptions = {},
): Promise<UdpSimulator> {
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4')
  let peer: RemoteInfo | undefined
  let closed = false
  const line = simulatedLine(devices, {
    ...options,
    put(bytes) {
      if (!closed && peer !== undefined)
        socket.send(bytes, peer.port, peer.address, () => undefined)
    },
  })
  socket.on('message', (bytes, sender) => {
    peer = sender
    line.receive(bytes)
    // A request never goes on in another datagram.
    line.finish()
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('error', (error) => {
      line.stop()
      reject(MapperError.from(error, 'unreachable'))
    })
    socket.bind(wanted, host, resolve)
  })
  socket.on('error', () => undefined)
  return {
    ...line,
    port: socket.address().port,
    get requests() {
      return line.requests
    },
    close: () =>
      new Promise((resolve) => {
        line.stop()
        if (closed) return resolve()
        closed = true
        socket.close(resolve)
      }),
  }
}
