import { connect, type Socket } from 'node:net'
import { MapperError, canceled } from '@mapper-sdk/core'

export interface TcpAddress {
  readonly host: string
  readonly port: number
}

/**
 * Between two requests far apart the system asks whether the other end is still there. That also keeps
 * the connection alive in firewalls, which forget idle ones after minutes.
 */
const idleMs = 30_000

/** A connected socket without Nagle's delay. Settles within `timeoutMs` or at once when the signal aborts. */
export function tcpConnect(
  { host, port }: TcpAddress,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(canceled(signal))
    const watched = { keepAlive: true, keepAliveInitialDelay: idleMs }
    const socket = connect({ host, port, noDelay: true, ...watched })
    let settled = false
    const settle = (error?: MapperError) => {
      if (settled) return
      settled = true
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      if (error === undefined) return resolve(socket)
      socket.destroy()
      reject(error)
    }
    const where = `${host}:${port}`
    const onAbort = () => settle(canceled(signal))
    const onError = (error: Error) => {
      const { code } = MapperError.from(error, 'unreachable')
      settle(new MapperError(code, `no connection to ${where}: ${textOf(error)}`, { cause: error }))
    }
    const timer = setTimeout(
      () => settle(new MapperError('timeout', `no connection to ${where} in ${timeoutMs} ms`)),
      Math.min(timeoutMs, 2 ** 31 - 1),
    )
    signal.addEventListener('abort', onAbort, { once: true })
    // The listener stays: a socket may report an error in the very turn it connected or went down.
    socket.on('error', onError)
    socket.once('connect', () => settle())
  })
}

/** Node leaves the message empty when several addresses of a name failed. */
function textOf(error: Error): string {
  if (error.message !== '') return error.message
  const inner: unknown = error instanceof AggregateError ? error.errors[0] : undefined
  return inner instanceof Error ? inner.message : error.name
}
