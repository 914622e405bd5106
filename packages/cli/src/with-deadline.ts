import { MapperError, silentLogger, type Connection } from '@mapper-sdk/core'
import { createLines } from '@mapper-sdk/core/line'
import type { Target } from './target.ts'

/** Calls with a signal that aborts with the given one, or with `timeout` after `ms`. */
export async function withDeadline<T>(
  {
    signal,
    ms,
    what,
  }: { readonly signal: AbortSignal; readonly ms: number; readonly what: string },
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stop = new AbortController()
  const onAbort = () => stop.abort(signal.reason)
  const timer = setTimeout(
    () => stop.abort(new MapperError('timeout', `${what}: not done in ${ms} ms`)),
    ms,
  )
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await call(stop.signal)
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
  }
}

/** Opens a connection to the device as core would, without a second try. */
export function connectTo(
  { driver, protocol }: Target,
  options: { readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<Connection> {
  const own = {
    logger: silentLogger,
    memory: new Map<string, unknown>(),
    lines: createLines(),
    folder: undefined,
  }
  return withDeadline(
    { signal: options.signal, ms: options.timeoutMs, what: 'connecting' },
    (signal) => driver.connect(protocol, { signal, ...own }),
  )
}
