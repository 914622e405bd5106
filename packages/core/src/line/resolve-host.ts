import { lookup, type LookupAddress } from 'node:dns'
import { MapperError } from '../errors.ts'
import { canceled, longestDelayMs } from '../time.ts'

/**
 * The address of a host as the system knows it at this moment; of several the first, IPv4 before
 * IPv6, because devices on UDP hardly ever speak IPv6. Settles within `timeoutMs` or when the signal aborts.
 */
export function resolveHost(
  host: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<LookupAddress> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(canceled(signal))
    const settle = (outcome: LookupAddress | MapperError) => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      if (outcome instanceof MapperError) reject(outcome)
      else resolve(outcome)
    }
    const onAbort = () => settle(canceled(signal))
    const timer = setTimeout(
      () => settle(new MapperError('timeout', `no address for ${host} in ${timeoutMs} ms`)),
      Math.min(timeoutMs, longestDelayMs),
    )
    signal.addEventListener('abort', onAbort, { once: true })
    // A lookup cannot be stopped; when it ends after all, nobody listens.
    lookup(host, { order: 'ipv4first' }, (error, address, family) => {
      if (error === null) return settle({ address, family })
      const { code, detail } = MapperError.from(error, 'unreachable')
      settle(new MapperError(code, `no address for ${host}: ${detail}`, { cause: error }))
    })
  })
}
