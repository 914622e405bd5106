import type { Logger, LogFn } from '@mapper-sdk/core'

const levels = { debug: 20, info: 30, warn: 40, error: 50 } as const

/** One JSON line per call on stderr, in pino's shape, from `least` up. */
export function createStderrLogger(least: keyof typeof levels, bound: object = {}): Logger {
  const at = (level: keyof typeof levels): LogFn =>
    levels[level] < levels[least]
      ? () => undefined
      : (first: object | string, message?: string) => {
          const [fields, msg] = typeof first === 'string' ? [{}, first] : [first, message]
          const line = { level: levels[level], time: Date.now(), ...bound, ...fields, msg }
          process.stderr.write(`${JSON.stringify(line, readable)}\n`)
        }
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => createStderrLogger(least, { ...bound, ...fields }),
  }
}

const readable = (_key: string, value: unknown): unknown =>
  value instanceof Error ? value.message : typeof value === 'bigint' ? String(value) : value
