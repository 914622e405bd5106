import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { startChild } from './support/child.ts'
import { requireServer } from './support/require-server.ts'
import { scratchFolder } from './support/scratch-folder.ts'
import { hasSocat, startSerialPair } from './support/serial-pair.ts'
import { until } from './support/until.ts'

/* The commands for serial lines over a real one, which is unplugged while somebody listens. */
const bin = fileURLToPath(new URL('../packages/cli/dist/bin.js', import.meta.url))

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

async function pairIn(folder: string) {
  const pair = await startSerialPair(folder)
  cleanups.push(() => pair.stop())
  return pair
}

async function say(tty: string, text: string) {
  const file = await open(tty, constants.O_WRONLY | constants.O_NOCTTY)
  await file.write(text)
  await file.close()
}

test(
  'a line is listened to before and after it was unplugged',
  { timeout: 90_000 },
  async (context) => {
    if (!hasSocat()) requireServer(context, 'no socat (apt-get install socat)')
    const { folder, remove } = await scratchFolder()
    cleanups.push(remove)
    const pair = await pairIn(folder)
    const [line, far] = pair.ends
    const args = ['serial', 'sniff', 'mt-sics-scale', '--path', line, '--json']
    const sniffer = startChild(process.execPath, [bin, ...args], {}, path.dirname(line))
    cleanups.push(() => sniffer.stop())
    const said = (text: string) =>
      until(
        `it says ${text}`,
        () => sniffer.lines,
        (lines) => lines.join('\n').includes(text),
        30_000,
      )
    const seen = (count: number) =>
      until(
        `${count} frames`,
        () => sniffer.objects,
        (all) => all.length >= count,
        30_000,
      )

    await said('Ctrl-C stops')
    // What comes right after opening may be the rest of something.
    await say(far, 'x\r\n')
    await seen(1)
    await say(far, 'TA\r\nTA A      12.50 g\r\n')
    expect((await seen(3)).slice(1)).toMatchObject([
      { direction: 'unknown', kind: 'request', of: 'tareWeight', hex: '54 41 0d 0a' },
      { kind: 'answer', of: 'tareWeight', values: { tare: { value: 0.0125, unit: 'kg' } } },
    ])

    await pair.stop()
    await said('waiting for it')
    const again = await pairIn(folder)
    await said('is back')
    await say(again.ends[1], 'x\r\n')
    await seen(4)
    await say(again.ends[1], 'SI\r\n')
    await seen(5)
    expect(sniffer.objects[4]).toMatchObject({ kind: 'request', of: 'weigh' })
    process.kill(sniffer.pid, 'SIGINT')
    expect(await sniffer.ended).toBe(0)
  },
)
