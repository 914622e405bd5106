import { untilSignal } from './until-signal.ts'

/** Where a command writes, and what stops it. */
export interface CommandIo {
  readonly out: { write(text: string): unknown }
  readonly err: { write(text: string): unknown; readonly isTTY?: boolean }
  readonly signal: AbortSignal
}

export const processIo = (): CommandIo => ({
  out: process.stdout,
  err: process.stderr,
  signal: untilSignal(),
})

/** How far a search is, for people who wait. */
export interface Progress {
  /** Replaces what was shown before. On a terminal all of it, elsewhere one line for each new phase. */
  show(phase: string, detail?: string): void
  /** To be called before anything else is written. */
  clear(): void
}

export function createProgress(err: CommandIo['err']): Progress {
  let last = ''
  let isShown = false
  const escape = '\u001b['
  return {
    show(phase, detail = '') {
      if (err.isTTY === true) err.write(`\r${phase} ${detail}${escape}K`)
      else if (phase !== last) err.write(`${phase}\n`)
      last = phase
      isShown = true
    },
    clear() {
      if (isShown && err.isTTY === true) err.write(`\r${escape}K`)
      isShown = false
    },
  }
}
