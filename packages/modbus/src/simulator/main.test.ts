import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectTcp } from '../link/tcp-link.ts'

const main = path.join(import.meta.dirname, '../../dist/simulator/main.js')
let folder: string
beforeAll(async () => void (folder = await mkdtemp(path.join(tmpdir(), 'bank-'))))
afterAll(() => rm(folder, { recursive: true }))

async function start(text: string, ...flags: string[]) {
  const file = path.join(folder, 'bank.yaml')
  await writeFile(file, text)
  const child = spawn(process.execPath, [main, file, ...flags])
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk) => (out += String(chunk)))
  child.stderr.on('data', (chunk) => (err += String(chunk)))
  const exit = once(child, 'close').then(() => child.exitCode)
  return { child, exit, file, out: () => out, err: () => err }
}

describe('modbus-simulator', () => {
  it('prints where it is when it is ready, and ends on SIGTERM with 0', async () => {
    const running = await start('units: { 4: { holding: { 7: 99 } } }', '--port', '0')
    await expect.poll(running.out, { timeout: 10_000 }).toMatch(/\n$/)
    const { modbus } = JSON.parse(running.out()) as { modbus: string }
    const { hostname: host, port } = new URL(modbus)
    const { signal } = new AbortController()
    const link = await connectTcp({ host, port: Number(port), connectTimeoutMs: 5000 }, signal)
    expect(await link.read(4, 'holding', 7, 1, { timeoutMs: 5000, signal })).toMatchObject({
      ok: true,
      data: Buffer.of(0, 99),
    })
    running.child.kill('SIGTERM')
    expect(await running.exit).toBe(0)
    expect(running.out().trim().split('\n')).toHaveLength(1)
    await link.close()
  })
  it('refuses a wrong bank with file, line and column, and exit code 2', async () => {
    const running = await start('units:\n  1: { holdin: {} }')
    expect(await running.exit).toBe(2)
    expect(running.err()).toContain(`${running.file}:2:8: "holdin" is no table`)
    expect(running.out()).toBe('')
  })
  it('refuses wrong flags with exit code 2', async () => {
    for (const flags of [
      ...[['--port', 'x'], ['--port', '70000'], ['--prot', '1'], ['more.yaml']],
      ...[
        ['--transport', 'pigeon'],
        ['--transport', 'rtu'],
      ],
    ]) {
      const running = await start('units: {}', ...flags)
      expect(await running.exit).toBe(2)
      expect(running.err()).toContain('Usage: modbus-simulator')
    }
  })
})
