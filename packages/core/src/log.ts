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
