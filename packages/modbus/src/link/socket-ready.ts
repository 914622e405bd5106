import type { Socket } from 'node:net'
import { MapperError, canceled } from '@mapper-sdk/core'

export interface ReadyOptions {
  /** For messages: `no connection to 192.0.2.7:502`. */
  readonly what: string
  readonly timeoutMs: number
  readonly signal: AbortSignal
  /** What an error of the socket means. */
  failure(error: Error): MapperError
}

/**
 * The socket once `event` has come. Settles within `timeoutMs` or at once when the signal aborts; a
 * socket that does not get there is destroyed.
 */
export function socketReady<S extends Socket>(
  socket: S,
  event: 'connect' | 'secureConnect',
  { what, timeoutMs, signal, failure }: ReadyOptions,
): Promise<S> {
  return new Promise((resolve, reject) => {
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
    const onAbort = () => settle(canceled(signal))
    const timer = setTimeout(
      () => settle(new MapperError('timeout', `${what} in ${timeoutMs} ms`)),
      Math.min(timeoutMs, 2 ** 31 - 1),
    )
    signal.addEventListener('abort', onAbort, { once: true })
    // The listener stays: a socket may report an error in the very turn it got there or went down.
    socket.on('error', (error) => settle(failure(error)))
    socket.once('close', () => settle(new MapperError('unreachable', `${what}: it was closed`)))
    socket.once(event, () => settle())
    if (signal.aborted) onAbort()
  })
}
