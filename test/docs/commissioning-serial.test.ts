import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { requireServer } from '../support/require-server.ts'
import { scratchFolder } from '../support/scratch-folder.ts'
import { until } from '../support/until.ts'
import { pageOf, root } from './markdown.ts'
import { check, examplesOf, start, writeFiles } from './page-commands.ts'

/*
 * Runs every command of the page in its order, against the simulator that the page itself starts, and
 * compares what it prints with the page.
 */
const page = pageOf('docs/how-to/commissioning-serial.md')
const port = '4001'
const sniffPort = '4002'

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

/** The weight changes all the time; in the page it does not. */
const steady = (line: string) =>
  line
    .replace(/^\d\d:\d\d:\d\d\.\d{3}/, '12:00:00.000')
    .replace(
      /< [0-9a-f ]+ {2}S [SD] +-?[\d.]+ g<CR>/,
      '< 53 20 53 20 20 20 20 20 35 30 30 2e 30 30 20 67 0d 0a  S S     500.00 g<CR>',
    )
    .replace(/weight -?[\d.]+ kg, stable \w+/, 'weight 0.5 kg, stable true')
    .replace(/weight -?[\d.]+ g, stable \w+/, 'weight 500 g, stable true')
    .replace(/^weight {2}-?[\d.]+ g$/, 'weight  500 g')
    .replace(/^weight {2}-?[\d.]+( kg)?$/, 'weight  0.5$1')
    .replace(/^stable {2}\w+/, 'stable  true')

const startIn = (folder: string, args: readonly string[]) => {
  const child = start(args, folder)
  cleanups.push(() => child.stop())
  return child
}

const simulatorIsThere = async () => {
  const text = await readFile(path.join(root, 'packages/serial/package.json'), 'utf8')
  return './simulator' in (JSON.parse(text) as { exports: object }).exports
}

test('every command does what the page says', { timeout: 180_000 }, async (context) => {
  if (!(await simulatorIsThere())) requireServer(context, 'no simulator of serial devices')
  const { folder, remove } = await scratchFolder()
  cleanups.push(remove)
  await writeFiles(page, folder)
  const [simulator, ...others] = examplesOf(page)
  const words = simulator?.commands[0] ?? []
  const child = startIn(
    folder,
    words.map((word) => (word === port ? '0' : word)),
  )
  const [ready] = await until(
    'the simulator of the page runs',
    () => child.objects,
    (objects) => objects.length > 0,
    30_000,
  )
  const own = new URL(String(ready?.['serial'])).port
  expect(child.lines.map((line) => line.replace(own, port))).toEqual(simulator?.expected)
  const device = path.join(folder, 'devices/device.yaml')
  const text = await readFile(device, 'utf8')
  await writeFile(device, text.replace(`port: ${port}`, `port: ${own}`))

  const ownSniff = String(await freePort())
  const real = [
    [port, own],
    [sniffPort, ownSniff],
  ] as const
  const there = (word: string) => real.reduce((all, [from, to]) => all.replaceAll(from, to), word)
  expect(others.length).toBeGreaterThan(8)
  let sniffer: ReturnType<typeof start> | undefined
  for (const example of others) {
    if (example.commands[0]?.[1] !== 'sniff') {
      await check(example, { folder, real, steady })
      continue
    }
    sniffer = startIn(folder, example.commands[0].map(there))
    await until(
      'it listens',
      () => sniffer?.lines ?? [],
      (lines) => lines.some((line) => line.includes('Ctrl-C stops')),
      30_000,
    )
  }
  if (sniffer === undefined) throw new Error('nothing was sniffed')
  const sniffed = page.blocks
    .find(({ info }) => info.has('sniffed'))
    ?.text.trimEnd()
    .split('\n')
  expect(sniffed?.length).toBe(2)
  const lines = sniffer.lines.map(steady)
  for (const line of sniffed ?? []) expect(lines).toContain(line)
  process.kill(sniffer.pid, 'SIGINT')
  expect(await sniffer.ended).toBe(0)
})
