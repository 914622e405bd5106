import { MapperError } from '../errors.ts'
import type { ProcessLogger } from './logger.ts'

/** Exit codes of a mapper process. */
export const exitCodes = { clean: 0, configuration: 2, internal: 70 } as const

/** Kubernetes kills after 30 s, systemd after 90 s, people after 10 s. */
const hardStopMs = 9_000
/** One Ctrl-C can arrive twice: from the terminal and from npm, which passes it on. */
const sameSignalMs = 500

/**
 * Turns SIGTERM and SIGINT into an aborted signal. A second one ends the process at once, with
 * 128 + its number; so does, with 70, a stop that takes longer than 9 s. An error that nobody caught
 * is logged and ends the process with 70, for kubelet to start it afresh.
 */
export function stopOnSignals(logger: ProcessLogger): AbortSignal {
  const controller = new AbortController()
  let stoppedAt: number | undefined

  const onSignal = (name: NodeJS.Signals, number: number) => {
    if (stoppedAt === undefined) {
      stoppedAt = performance.now()
      logger.info({ signal: name }, 'stopping')
      // Keeps the process alive: one that waits for nothing any more would end with Node's own code 13.
      setTimeout(() => {
        logger.fatal(`not stopped within ${hardStopMs} ms, giving up`)
        void end(logger, exitCodes.internal)
      }, hardStopMs)
      controller.abort(new MapperError('canceled', `stopped by ${name}`))
    } else if (performance.now() - stoppedAt > sameSignalMs) {
      logger.warn({ signal: name }, 'stopped at once by a second signal')
      void end(logger, 128 + number)
    }
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)

  const onFatal = (error: unknown, origin: string) => {
    logger.fatal({ err: error }, `bug: ${origin}`)
    void end(logger, exitCodes.internal)
  }
  process.on('uncaughtException', onFatal)
  process.on('unhandledRejection', (reason) => onFatal(reason, 'unhandledRejection'))
  return controller.signal
}

/** Ends the process once the log is out; waits for that at most half a second. */
export async function end(logger: ProcessLogger, code: number): Promise<never> {
  await logger.flush(500)
  process.exit(code)
}
