import { existsSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { startChild } from './child.ts'
import { until } from './until.ts'

/** Two serial ports joined by a null modem. */
export interface SerialPair {
  readonly ends: readonly [string, string]
  stop(): Promise<void>
}

export const hasSocat = (): boolean => spawnSync('socat', ['-V']).status === 0

/** Makes a pair of pseudo terminals with names in `folder`. */
export async function startSerialPair(folder: string): Promise<SerialPair> {
  const ends = [path.join(folder, 'tty-a'), path.join(folder, 'tty-b')] as const
  const socat = startChild(
    'socat',
    ends.map((link) => `pty,raw,echo=0,link=${link}`),
  )
  await until(
    'both ends of the serial pair',
    () => [...socat.lines, ...ends.filter((end) => existsSync(end))],
    () => ends.every((end) => existsSync(end)),
  )
  return { ends, stop: async () => void (await socat.stop()) }
}
