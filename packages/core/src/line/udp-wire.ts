import { createSocket, type Socket } from 'node:dgram'
import { MapperError } from '../errors.ts'
import { canceled } from '../time.ts'
import { resolveHost } from './resolve-host.ts'
import { wireName, type UdpSettings, type Wire } from './wire.ts'

/** A system that takes no datagram for so long is given up. */
const writeMs = 5_000

/**
 * A socket for the datagrams of one host; those of others are dropped. Nobody answers when it opens:
 * whether the device is there shows when it is asked.
 */
export async function openUdpWire(settings: UdpSettings, signal: AbortSignal): Promise<Wire> {
  const name = wireName(settings)
  const { host, port, localPort, connectTimeoutMs } = settings
  const { address, family } = await resolveHost(host, connectTimeoutMs, signal)
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4')
  let onBytes: (bytes: Buffer) => void = () => undefined
  let onLost: (reason: MapperError) => void = () => undefined
  let lost: MapperError | undefined
  let discarding = false

  const lose = (what: string, cause?: Error) => {
    if (lost !== undefined) return
    lost = new MapperError('unreachable', `${name} ${what}`, { cause })
    onLost(lost)
    close(socket)
  }
  socket.on('error', (error) => lose(`failed: ${error.message}`, error))
  socket.on('message', (bytes, from) => {
    if (from.address === address && !discarding) onBytes(bytes)
  })
  const gone = new Promise<void>((resolve) => socket.once('close', () => resolve()))
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
  if (lost !== undefined) throw lost

  return {
    name,
    characterMs: 0,
    write: (bytes) =>
      new Promise((resolve, reject) => {
        if (lost !== undefined) return reject(lost)
        const timer = setTimeout(() => lose('does not take datagrams'), writeMs)
        const done = (error?: Error | null) => {
          clearTimeout(timer)
          socket.off('close', done)
          if (error) lose(`failed: ${error.message}`, error)
          if (lost === undefined) resolve()
          else reject(lost)
        }
        socket.once('close', done)
        if (localPort === undefined) socket.send(bytes, done)
        else socket.send(bytes, port, address, done)
      }),
    async discardInput() {
      discarding = true
      await new Promise<void>((resolve) => setImmediate(resolve))
      discarding = false
    },
    listen(bytes, ended) {
      onBytes = bytes
      onLost = ended
      if (lost !== undefined) ended(lost)
    },
    async close() {
      lost ??= new MapperError('canceled', `${name} was closed`)
      close(socket)
      await gone
    },
  }
}

function close(socket: Socket): void {
  try {
    socket.close()
  } catch {
    // It is closed already; dgram has no other way to tell.
  }
}
