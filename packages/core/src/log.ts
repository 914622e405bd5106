/** One log call: fields first, then the sentence (pino's shape), or the sentence alone. */
export interface LogFn {
  (fields: object, message: string): void
  (message: string): void
}

/** The logger that everything is given. Any pino logger fits. */
export interface Logger {
  readonly debug: LogFn
  readonly info: LogFn
  readonly warn: LogFn
  readonly error: LogFn
  child(fields: object): Logger
}

const silence: LogFn = () => undefined

/** Says nothing. */
export const silentLogger: Logger = {
  debug: silence,
  info: silence,
  warn: silence,
  error: silence,
  child: () => silentLogger,
}

export const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]

/** The level of a logger and all its children, changed while it runs. */
export interface LevelSwitch {
  current(): LogLevel
  set(level: LogLevel): void
}
