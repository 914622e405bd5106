/** How much is logged, from all to little. */
export const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]

/** The level of a logger and all its children, changed while it runs. */
export interface LevelSwitch {
  current(): LogLevel
  set(level: LogLevel): void
}
