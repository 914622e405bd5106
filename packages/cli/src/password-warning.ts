import type { RawConfig } from '@mapper-sdk/core'
import type { CommandIo } from './command-io.ts'

/** What is in a password of a configuration that is no path of a file. */
export function spokenPassword(words: RawConfig): string | undefined {
  const [, found] = Object.entries(words).find(([key]) => key.toLowerCase() === 'password') ?? []
  return typeof found === 'string' && found !== '' && !found.startsWith('/') ? found : undefined
}

/** Says so if a password was typed: command lines are in lists of processes and in histories. */
export function warnOfPassword(words: RawConfig, err: CommandIo['err']): void {
  if (spokenPassword(words) === undefined) return
  err.write(
    'everybody on this machine can see a password on a command line; put it into a file and write passwordFile=/path\n',
  )
}
