import { createSocket, type Socket } from 'node:dgram'
import { canceled } from '../time.ts'
import { resolveHost } from './resolve-host.ts'
import { socketWire } from './socket-wire.ts'
import { wireName, type UdpSettings, type Wire } from './wire.ts'

/**
 * A socket for the datagrams of one host; those of others are dropped. Nobody answers when it opens:
 * whether the device is there shows when it is asked.
 */
export async function openUdpWire(settings: UdpSettings, signal: AbortSignal): Promise<Wire> {
  const name = wireName(settings)
  const { host, port, localPort, connectTimeoutMs } = settings
  const { address, family } = await resolveHost(host, connectTimeoutMs, signal)
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4')
  const own = socketWire(name, {
    send: (bytes, done) =>
      localPort === undefined ? socket.send(bytes, done) : socket.send(bytes, port, address, done),
    close: () => close(socket),
  })
  socket.on('error', (error) => own.lose(`failed: ${error.message}`, error))
  socket.on('message', (bytes, from) => {
    if (from.address === address) own.hear(bytes)
  })
  socket.once('close', own.closed)
  await new Promise<void>((resolve) => {
    // The failure of either is told by the event.
    socket.once('error', () => resolve())
    if (localPort === undefined) socket.connect(port, address, resolve)
    else socket.bind(localPort, resolve)
  })
  if (signal.aborted) {
    close(socket)
    throw canceled(signal)
  }
  if (own.lost !== undefined) throw own.lost
  return own.wire
}

function close(socket: Socket): void {
  try {
    socket.close()
  } catch {
    // It is closed already; dgram has no other way to tell.
  }
}
