import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { requireServer } from '../support/require-server.ts'
import { scratchFolder } from '../support/scratch-folder.ts'
import { hasSocat, startSerialPair } from '../support/serial-pair.ts'
import { until } from '../support/until.ts'
import { pageOf } from './markdown.ts'
import { check, examplesOf, start, writeFiles } from './page-commands.ts'

/*
 * Runs every command of the page in its order, against the simulator that the page itself starts, and
 * compares what it prints with the page. A command that keeps running is ended by Ctrl-C.
 */
const page = pageOf('docs/how-to/commissioning.md')
const port = '5020'
const serialPort = '/dev/ttyUSB0'

let folder: string
const cleanups: (() => Promise<unknown>)[] = []
beforeEach(async () => {
  const scratch = await scratchFolder()
  folder = scratch.folder
  cleanups.push(scratch.remove)
  await writeFiles(page, folder)
})
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

const startHere = (args: readonly string[]) => {
  const child = start(args, folder)
  cleanups.push(() => child.stop())
  return child
}

const steady = (line: string) => line.replace(/^\d\d:\d\d:\d\d /, '12:00:00 ')

const [simulator, ...others] = examplesOf(page)
const isSerial = ({ text }: { readonly text: string }) => text.includes(serialPort)

test('every command does what the page says', { timeout: 180_000 }, async () => {
  const child = startHere(
    (simulator?.commands[0] ?? []).map((word) => (word === port ? '0' : word)),
  )
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
  const onNetwork = others.filter((example) => !isSerial(example))
  expect(onNetwork.length).toBeGreaterThan(8)
  const real = [[`127.0.0.1:${port}`, `127.0.0.1:${own}`]] as const
  for (const example of onNetwork) await check(example, { folder, real, steady })
})

test('so do those for a serial line', { timeout: 120_000 }, async (context) => {
  if (!hasSocat()) requireServer(context, 'no socat (apt-get install socat)')
  const pair = await startSerialPair(folder)
  cleanups.push(() => pair.stop())
  const [line, far] = pair.ends
  const child = startHere(['simulate', 'modbus', 'meter.yaml', '--tty', far])
  await until(
    'the simulator runs',
    () => child.objects,
    (objects) => objects.length > 0,
    30_000,
  )
  const onLine = others.filter(isSerial)
  expect(onLine.length).toBeGreaterThan(0)
  for (const example of onLine) {
    await check(example, { folder, real: [[serialPort, line]], steady })
  }
})
