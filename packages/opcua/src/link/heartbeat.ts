import { within } from './within.ts'

/** The longest silence that is not looked into, in ms. */
const quietMs = 2_000

/**
 * Asks a server that has been silent whether it is still there. A frozen server or a half-open connection
 * is not noticed otherwise until much later.
 */
export function startHeartbeat(options: {
  readonly timeoutMs: number
  readonly signal: AbortSignal
  /** Nothing came for longer than this, and something should have come. */
  readonly isQuiet: (ms: number) => boolean
  readonly ping: () => Promise<unknown>
  readonly failed: (thrown: unknown) => void
}): {
  /** Asks at once. */
  now(): void
  stop(): void
} {
  const { timeoutMs, signal, isQuiet, ping, failed } = options
  let isAsking = false
  const ask = async () => {
    if (isAsking || signal.aborted) return
    isAsking = true
    try {
      await within(ping(), timeoutMs, signal, 'heartbeat')
    } catch (thrown) {
      if (!signal.aborted) failed(thrown)
    } finally {
      isAsking = false
    }
  }
  const timer = setInterval(() => {
    if (isQuiet(quietMs)) void ask()
  }, quietMs / 2)
  return {
    now: () => {
      if (isQuiet(0)) void ask()
    },
    stop: () => clearInterval(timer),
  }
}
