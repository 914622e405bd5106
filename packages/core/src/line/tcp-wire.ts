import { connect, type Socket } from 'node:net'
import { MapperError } from '../errors.ts'
import { canceled, longestDelayMs } from '../time.ts'
import { socketWire } from './socket-wire.ts'
import { wireName, type TcpSettings, type Wire } from './wire.ts'

/** Then the system asks whether the other end is still there; firewalls forget idle connections. */
const idleMs = 30_000

/** Connects to a device server. */
export async function openTcpWire(settings: TcpSettings, signal: AbortSignal): Promise<Wire> {
  const name = wireName(settings)
  const socket = await connected(settings, name, signal)
  const { wire, hear, lose, closed } = socketWire(name, {
    send: (bytes, done) => void socket.write(Buffer.from(bytes), done),
    close: () => void socket.destroy(),
  })
  socket.on('data', hear)
  socket.on('error', (error) => lose(`failed: ${error.message}`, error))
  socket.on('end', () => lose('closed the connection'))
  socket.on('close', () => {
    lose('is gone')
    closed()
  })
  return wire
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
