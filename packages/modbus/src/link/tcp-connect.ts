import { connect, type Socket } from 'node:net'
import { MapperError, canceled } from '@mapper-sdk/core'
import type { HostAddress } from './host-address.ts'
import { socketReady } from './socket-ready.ts'

/**
 * Between two requests far apart the system asks whether the other end is still there. That also keeps
 * the connection alive in firewalls, which forget idle ones after minutes.
 */
const watched = { keepAlive: true, keepAliveInitialDelay: 30_000 }

/**
 * A connected socket without Nagle's delay. The name of the host is looked up for every connection.
 * Settles within `timeoutMs` or at once when the signal aborts.
 */
export async function tcpConnect(
  { host, port }: HostAddress,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Socket> {
  if (signal.aborted) throw canceled(signal)
  const what = `no connection to ${host}:${port}`
  return socketReady(connect({ host, port, noDelay: true, ...watched }), 'connect', {
    what,
    timeoutMs,
    signal,
    failure(error) {
      const { code } = MapperError.from(error, 'unreachable')
      return new MapperError(code, `${what}: ${textOf(error)}`, { cause: error })
    },
  })
}

/** Node leaves the message empty when several addresses of a name failed. */
function textOf(error: Error): string {
  if (error.message !== '') return error.message
  const inner: unknown = error instanceof AggregateError ? error.errors[0] : undefined
  return inner instanceof Error ? inner.message : error.name
}
