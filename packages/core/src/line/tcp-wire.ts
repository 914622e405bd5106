import { connect, type Socket } from 'node:net'
import { MapperError } from '../errors.ts'
import { canceled, longestDelayMs } from '../time.ts'
import { wireName, type TcpSettings, type Wire } from './wire.ts'

/** A device that takes no bytes for so long is given up. */
const writeMs = 5_000
/** Then the system asks whether the other end is still there; firewalls forget idle connections. */
const idleMs = 30_000

/**
 * Connects to a device server. What it sent before and nobody has seen cannot be thrown away by asking
 * the system: it is read and dropped until the next turn of the event loop.
 */
export async function openTcpWire(settings: TcpSettings, signal: AbortSignal): Promise<Wire> {
  const name = wireName(settings)
  const socket = await connected(settings, name, signal)
  let onBytes: (bytes: Buffer) => void = () => undefined
  let onLost: (reason: MapperError) => void = () => undefined
  let lost: MapperError | undefined
  let discarding = false

  const lose = (what: string, cause?: Error) => {
    if (lost !== undefined) return
    lost = new MapperError('unreachable', `${name} ${what}`, { cause })
    onLost(lost)
    socket.destroy()
  }
  socket.on('data', (bytes) => discarding || onBytes(bytes))
  socket.on('error', (error) => lose(`failed: ${error.message}`, error))
  socket.on('end', () => lose('closed the connection'))
  socket.on('close', () => lose('is gone'))
  const gone = new Promise<void>((resolve) => socket.once('close', () => resolve()))

  return {
    name,
    characterMs: 0,
    write: (bytes) =>
      new Promise((resolve, reject) => {
        if (lost !== undefined) return reject(lost)
        const timer = setTimeout(() => lose('does not take bytes'), writeMs)
        const done = () => {
          clearTimeout(timer)
          socket.off('close', done)
          if (lost === undefined) resolve()
          else reject(lost)
        }
        socket.once('close', done)
        socket.write(Buffer.from(bytes), done)
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
      socket.destroy()
      await gone
    },
  }
}

function connected(
  { host, port, connectTimeoutMs }: TcpSettings,
  name: string,
  signal: AbortSignal,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(canceled(signal))
    const watched = { keepAlive: true, keepAliveInitialDelay: idleMs }
    const socket = connect({ host, port, noDelay: true, ...watched })
    const settle = (error?: MapperError) => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      if (error === undefined) return resolve(socket)
      socket.destroy()
      reject(error)
    }
    const onAbort = () => settle(canceled(signal))
    const timer = setTimeout(
      () =>
        settle(new MapperError('timeout', `no connection to ${name} in ${connectTimeoutMs} ms`)),
      Math.min(connectTimeoutMs, longestDelayMs),
    )
    signal.addEventListener('abort', onAbort, { once: true })
    // The listener stays: a socket may report an error in the very turn in which it connected.
    socket.on('error', (error) => {
      const { code, detail } = MapperError.from(error, 'unreachable')
      settle(new MapperError(code, `no connection to ${name}: ${detail}`, { cause: error }))
    })
    socket.once('connect', () => settle())
  })
}
