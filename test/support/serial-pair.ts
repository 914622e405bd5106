import { existsSync } from 'node:fs'
import { realpath } from 'node:fs/promises'
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import type { TestContext } from 'vitest'
import { startChild } from './child.ts'
import { scratchFolder } from './scratch-folder.ts'
import { until } from './until.ts'

/** Two serial ports joined by a null modem. */
export interface SerialPair {
  readonly ends: readonly [string, string]
  /** Nothing passes any more, nor is anything taken from either end, until it is thawed. */
  freeze(): void
  thaw(): void
  /** Unplugs both. */
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
  const tell = (signal: 'SIGSTOP' | 'SIGCONT') => {
    if (socat.end === undefined) process.kill(socat.pid, signal)
  }
  const thaw = () => tell('SIGCONT')
  return {
    ends,
    freeze: () => tell('SIGSTOP'),
    thaw,
    stop: async () => {
      thaw()
      await socat.stop()
    },
  }
}

/** Makes terminals until one of them is the given one. The system hands out the lowest free number. */
export async function occupy(terminal: string, { onTestFinished }: TestContext): Promise<void> {
  for (let attempt = 0; attempt < 10; attempt++) {
    const { folder, remove } = await scratchFolder()
    const pair = await startSerialPair(folder)
    onTestFinished(async () => {
      await pair.stop()
      await remove()
    })
    const taken = await Promise.all(pair.ends.map((end) => realpath(end)))
    if (taken.includes(terminal)) return
  }
  throw new Error(`nobody got ${terminal}`)
}
