import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** Two terminals, each the other end of the other. */
export interface PtyPair {
  readonly ends: readonly [string, string]
  /** Unplugs both. */
  unplug(): Promise<void>
}

/** Makes a pair with socat; undefined, with the reason printed, where there is none outside CI. */
export async function ptyPair(): Promise<PtyPair | undefined> {
  const terminal = 'pty,raw,echo=0'
  const socat = spawn('socat', ['-d', '-d', terminal, terminal], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let log = ''
  try {
    await once(socat, 'spawn')
  } catch (thrown) {
    if (process.env['CI']) throw thrown
    process.stderr.write(`skipped: socat is needed for serial lines (${String(thrown)})\n`)
    return undefined
  }
  for await (const text of socat.stderr) {
    log += String(text)
    if (log.includes('starting data transfer loop')) break
  }
  // Breaking out of the loop ends the pipe, and a log line may not end socat.
  const [one, two] = [...log.matchAll(/PTY is (\S+)/g)].map(([, path]) => path)
  if (one === undefined || two === undefined) throw new Error(`socat said: ${log}`)
  return {
    ends: [one, two],
    unplug: async () => {
      if (socat.exitCode !== null || socat.signalCode !== null) return
      const exit = once(socat, 'exit')
      socat.kill()
      await exit
    },
  }
}
