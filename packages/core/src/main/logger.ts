import type { Writable } from 'node:stream'
import { pino, stdSerializers, stdTimeFunctions } from 'pino'
import { MapperError, errorPolicies } from '../errors.ts'
import type { LogFn, Logger } from '../log.ts'

/** A logger of a process: one JSON object a line, and a way to wait until the lines are out. */
export interface ProcessLogger extends Logger {
  /** For what ends the process. */
  readonly fatal: LogFn
  /** Resolves when everything is written, or after `withinMs`: a reader may have stopped reading. */
  flush(withinMs: number): Promise<void>
}

/** More than this is not held for a reader that is slow; newer lines are dropped and counted. */
const mostBuffered = 1024 * 1024

/** Keys whose values never reach the log, at the top and one level down. */
const secret = ['password', 'passwd', 'token', 'secret', 'privateKey', 'authorization']

/**
 * Logs to `out`, stdout as a rule. A reader that goes away or does not read neither ends nor stops
 * the process: pipes are written without blocking, and what does not fit is dropped.
 */
export function createLogger(
  options: { readonly level: string; readonly fields: object },
  out: Writable,
): ProcessLogger {
  let state: 'open' | 'broken' = 'open'
  let dropped = 0
  out.on('error', () => {
    state = 'broken'
  })
  const write = (line: string) => {
    if (state === 'broken') return
    if (out.writableLength > mostBuffered) {
      dropped++
      return
    }
    out.write(line)
    if (dropped === 0) return
    const count = dropped
    dropped = 0
    logger.warn({ dropped: count }, 'log lines were dropped: the reader of the log is too slow')
  }
  const logger = pino(
    {
      level: options.level,
      base: options.fields,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: errorFields },
      redact: { paths: secret.flatMap((key) => [key, `*.${key}`]), censor: '[redacted]' },
    },
    { write },
  )
  const flush = (withinMs: number) =>
    new Promise<void>((resolve) => {
      if (state === 'broken' || out.writableLength === 0) return resolve()
      const timer = setTimeout(resolve, withinMs)
      out.write('', () => {
        clearTimeout(timer)
        resolve()
      })
    })
  return Object.assign(logger, { flush })
}

/** Weather prints without a stack, its causes included; a bug prints with it. */
function errorFields(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  if (!(error instanceof MapperError) || !errorPolicies[error.code].weather) {
    return stdSerializers.err(error)
  }
  const cause = error.cause instanceof Error ? error.cause.message : undefined
  return {
    code: error.code,
    message: error.detail,
    ...(cause === undefined || cause === error.detail ? {} : { cause }),
  }
}
