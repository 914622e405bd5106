import { MapperError } from '../errors.ts'

/** What the simulator of a driver is started with, from a command line. */
export interface SimulateOptions {
  /** Files and flags, as in its usage. */
  readonly argv: readonly string[]
  /** How the user called it, for the usage. */
  readonly program: string
  readonly out: { write(text: string): unknown }
  readonly signal: AbortSignal
}

/** Runs a simulator as a program, until SIGTERM or Ctrl-C. Exit code 2: wrong flags or files; 1: it could not start. */
export async function runSimulator(
  simulate: (options: SimulateOptions) => Promise<void>,
  program: string,
): Promise<void> {
  const stop = new AbortController()
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => stop.abort())
  try {
    const { stdout: out } = process
    await simulate({ argv: process.argv.slice(2), program, out, signal: stop.signal })
  } catch (thrown) {
    const error = MapperError.from(thrown)
    process.stderr.write(`${error.detail}\n`)
    process.exitCode = error.code === 'invalid_config' ? 2 : 1
  }
}

/** Resolves when the signal aborts. */
export const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
