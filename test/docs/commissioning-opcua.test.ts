import { createHash } from 'node:crypto'
import { startOpcuaSimulator } from '@mapper-sdk/opcua/simulator'
import { afterEach, expect, test } from 'vitest'
import { scratchFolder } from '../support/scratch-folder.ts'
import { pageOf } from './markdown.ts'
import { check, examplesOf } from './page-commands.ts'

/*
 * Runs every command of the page in its order, against a simulated server, and compares what it prints
 * with the page.
 */
const page = pageOf('docs/how-to/commissioning-opcua.md')
const address = '192.0.2.10:4840'
const thumbprint = '9C02B5F3A1D84E67908812CDEF34567890ABCDEF'

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

/** Certificates are made when the test runs. */
const steady = (line: string) =>
  line
    .replace(/(certificate|trusted:) "[^"]*"/, '$1 "CN=Line 1"')
    .replaceAll(/\d{4}-\d\d-\d\d/g, '2026-01-31')
    .replaceAll(/\b[0-9A-F]{64}\b/g, '0'.repeat(64))

test('every command does what the page says', { timeout: 180_000 }, async () => {
  const { folder, remove } = await scratchFolder()
  cleanups.push(remove)
  const field = await startOpcuaSimulator({
    nodes: [
      { name: 'Line1.Speed', type: 'Double', value: 1480.5 },
      { name: 'Line1.Running', type: 'Boolean', value: true },
      { name: 'Line1.Order', type: 'String', value: 'A-17', writable: false },
    ],
  })
  cleanups.push(() => field.close())
  const own = createHash('sha1').update(field.certificate).digest('hex').toUpperCase()
  const real = [
    [address, `127.0.0.1:${field.port}`],
    [thumbprint, own],
  ] as const
  const examples = examplesOf(page)
  expect(examples.length).toBeGreaterThan(7)
  for (const example of examples) {
    const said = await check(example, { folder, real, steady })
    if (example.fails) expect(said).toMatch(`mapper opcua trust ${thumbprint} --pki `)
  }
  await expect.poll(() => field.sessionCount).toBe(0)
})
