import { canceled, MapperError } from '@mapper-sdk/core'

/**
 * What was promised, or a MapperError: `timeout` after `ms`, the signal's reason when that aborts. The
 * client library can neither stop a request nor promise an end of it; what comes late is dropped.
 */
export function within<T>(
  pending: Promise<T>,
  ms: number,
  signal: AbortSignal,
  what: string,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
    }
    const onAbort = () => {
      end()
      reject(canceled(signal))
    }
    const timer = setTimeout(() => {
      end()
      reject(new MapperError('timeout', `${what}: no answer of the server in ${ms} ms`))
    }, ms)
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
    pending.then(
      (value) => {
        end()
        resolve(value)
      },
      (thrown: unknown) => {
        end()
        reject(thrown instanceof Error ? thrown : new Error(String(thrown)))
      },
    )
  })
}
