import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startChild } from '../support/child.ts'
import { requireServer } from '../support/require-server.ts'
import { scratchFolder } from '../support/scratch-folder.ts'
import { hasSocat, startSerialPair } from '../support/serial-pair.ts'
import { until } from '../support/until.ts'
import { pageOf, root, titleOf, type Block } from './markdown.ts'

/*
 * Runs every command of the page in its order, against the simulator that the page itself starts, and
 * compares what it prints with the page. A command that keeps running is ended by Ctrl-C.
 */
const page = pageOf('docs/how-to/commissioning.md')
const bin = path.join(root, 'packages/cli/dist/bin.js')
const port = '5020'
const serialPort = '/dev/ttyUSB0'

interface Example {
  readonly title: string
  readonly commands: readonly (readonly string[])[]
  /** What it prints; empty if the page does not say, which stands for nothing. */
  readonly expected: readonly string[]
  readonly keepsRunning: boolean
  readonly isSerial: boolean
}

const examples = page.blocks.flatMap((block, index): Example[] => {
  if (block.language !== 'sh') return []
  const next = page.blocks[index + 1]
  return [
    {
      title: titleOf(block),
      commands: commandsOf(block),
      expected: next?.language === 'text' ? next.text.trimEnd().split('\n') : [],
      keepsRunning: block.info.has('keeps-running'),
      isSerial: block.text.includes(serialPort),
    },
  ]
})

/** The words behind `npm run mapper --` of each line. */
function commandsOf(block: Block): readonly (readonly string[])[] {
  return block.text
    .trim()
    .split('\n')
    .map((line) => {
      const [, words] = /^npm run mapper -- (.+)$/.exec(line) ?? []
      if (words === undefined) throw new Error(`${titleOf(block)}: not a command of ours: ${line}`)
      return [...words.matchAll(/"([^"]*)"|(\S+)/g)].map(
        ([, quoted, plain = '']) => quoted ?? plain,
      )
    })
}

let folder: string
const cleanups: (() => Promise<unknown>)[] = []
beforeEach(async () => {
  const scratch = await scratchFolder()
  folder = scratch.folder
  cleanups.push(scratch.remove)
  for (const { info, text } of page.blocks) {
    const file = path.join(folder, info.get('title') ?? '')
    if (file === path.join(folder, '')) continue
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(file, text)
  }
})
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

const run = (args: readonly string[]) =>
  new Promise<{ code: number; out: string; err: string }>((resolve) => {
    const child = execFile(process.execPath, [bin, ...args], { cwd: folder }, (_, out, err) =>
      resolve({ code: child.exitCode ?? -1, out, err }),
    )
  })

const start = (args: readonly string[]) => {
  const child = startChild(process.execPath, [bin, ...args], {}, folder)
  cleanups.push(() => child.stop())
  return child
}

/** Without what differs from one time to the next. */
const timeless = (line: string) => line.replace(/^\d\d:\d\d:\d\d /, '12:00:00 ')

/** `real` is what stands for `written` where the test runs. */
async function check(example: Example, [written, real]: readonly [string, string]): Promise<void> {
  const { title, commands, expected, keepsRunning } = example
  const there = (word: string) => word.replaceAll(written, real)
  const back = (line: string) => timeless(line.replaceAll(real, written))
  if (keepsRunning) {
    const [args = []] = commands
    const child = start(args.map(there))
    await until(
      `${title} prints ${expected.join('\n')}`,
      () => child.lines.map(back),
      (lines) => expected.every((line) => lines.includes(line)),
      60_000,
    )
    process.kill(child.pid, 'SIGINT')
    expect(await child.ended, title).toBe(0)
    return
  }
  const printed: string[] = []
  for (const args of commands) {
    const { code, out, err } = await run(args.map(there))
    expect(code, `${title}: ${out}${err}`).toBe(0)
    printed.push(...out.split('\n').filter((line) => line !== ''))
  }
  expect(printed.map(back), title).toEqual(expected)
}

const [simulator, ...others] = examples

test('every command does what the page says', { timeout: 180_000 }, async () => {
  const child = start((simulator?.commands[0] ?? []).map((word) => (word === port ? '0' : word)))
  const [ready] = await until(
    'the simulator of the page runs',
    () => child.objects,
    (objects) => objects.length > 0,
    30_000,
  )
  const own = new URL(String(ready?.['modbus'])).port
  expect(child.lines.map((line) => line.replace(own, port))).toEqual(simulator?.expected)
  const device = path.join(folder, 'devices/device.yaml')
  const text = await readFile(device, 'utf8')
  await writeFile(device, text.replace(`port: ${port}`, `port: ${own}`))
  const onNetwork = others.filter(({ isSerial }) => !isSerial)
  expect(onNetwork.length).toBeGreaterThan(8)
  for (const example of onNetwork) {
    await check(example, [`127.0.0.1:${port}`, `127.0.0.1:${own}`])
  }
})

test('so do those for a serial line', { timeout: 120_000 }, async (context) => {
  if (!hasSocat()) requireServer(context, 'no socat (apt-get install socat)')
  const pair = await startSerialPair(folder)
  cleanups.push(() => pair.stop())
  const [line, far] = pair.ends
  const child = start(['simulate', 'modbus', 'meter.yaml', '--tty', far])
  await until(
    'the simulator runs',
    () => child.objects,
    (objects) => objects.length > 0,
    30_000,
  )
  const onLine = others.filter(({ isSerial }) => isSerial)
  expect(onLine.length).toBeGreaterThan(0)
  for (const example of onLine) await check(example, [serialPort, line])
})
