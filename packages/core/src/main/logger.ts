import type { Writable } from 'node:stream'
import { levels as pinoLevels, pino, stdSerializers, stdTimeFunctions } from 'pino'
import { MapperError, errorPolicies } from '../errors.ts'
import type { LogFn, Logger } from '../log.ts'
import { logLevels, type LevelSwitch, type LogLevel } from '../log-level.ts'

/** A logger of a process: one JSON object a line, and a way to wait until the lines are out. */
export interface ProcessLogger extends Logger {
  /** For what ends the process. */
  readonly fatal: LogFn
  /** Changes what is logged from now on, by it and by all its children. */
  readonly levels: LevelSwitch
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
  options: { readonly level: LogLevel; readonly fields: object },
  out: Writable,
): ProcessLogger {
  let state: 'open' | 'broken' = 'open'
  let dropped = 0
  let level = options.level
  let least = pinoLevels.values[level] ?? 0
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
      // Children of pino keep the level that they were born with. So the least one is given to all of
      // them, and lines below the level that counts are dropped before anything is made of them.
      level: logLevels[0],
      hooks: {
        logMethod(args, method, number) {
          if (number >= least) method.apply(this, args)
        },
      },
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
  const levels: LevelSwitch = {
    current: () => level,
    set(next) {
      level = next
      least = pinoLevels.values[next] ?? 0
    },
  }
  return Object.assign(logger, { flush, levels })
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
