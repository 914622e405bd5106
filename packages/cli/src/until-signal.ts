import { MapperError } from '@mapper-sdk/core'

/** One Ctrl-C can arrive twice: from the terminal and from npm, which passes it on. */
const sameSignalMs = 500

/**
 * A signal that aborts on SIGINT, SIGTERM and SIGHUP. A second one ends this process at once; its
 * children then notice and stop by themselves.
 */
export function untilSignal(): AbortSignal {
  const controller = new AbortController()
  let stoppedAt: number | undefined
  const onSignal = (name: NodeJS.Signals, number: number) => {
    if (stoppedAt === undefined) {
      stoppedAt = performance.now()
      controller.abort(new MapperError('canceled', `stopped by ${name}`))
    } else if (performance.now() - stoppedAt > sameSignalMs) process.exit(128 + number)
  }
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, onSignal)
  return controller.signal
}
