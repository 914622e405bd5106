import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

const bin = path.resolve('packages/cli/dist/bin.js')

let temporary: string
let child: ChildProcess | undefined
beforeEach(() => void (temporary = mkdtempSync(path.join(tmpdir(), 'mapper-demo-test-'))))
afterEach(async () => {
  if (child?.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL')
    await new Promise((resolve) => child?.once('close', resolve))
  }
  rmSync(temporary, { recursive: true, force: true })
})

function demo(...args: readonly string[]) {
  const process_ = spawn(process.execPath, [bin, 'demo', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: temporary },
  })
  child = process_
  let output = ''
  for (const stream of [process_.stdout, process_.stderr]) {
    stream.on('data', (chunk: Buffer) => (output += String(chunk)))
  }
  const ended = new Promise<number | string>((resolve) =>
    process_.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown')),
  )
  return { process: process_, output: () => output, ended }
}

const isRunning = (pid: number) => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test(
  'once around: a reading up to the cloud, a desired value down to the register',
  { timeout: 120_000 },
  async () => {
    const run = demo('--once')
    const code = await run.ended
    const output = run.output()
    expect(code, output).toBe(0)
    const steps = output.split('\n').filter((line) => line.startsWith('ok'))
    const expected = [
      /reading in the cloud: default\/boiler temperature = [\d.]+$/,
      /and it moves: temperature = [\d.]+$/,
      /register 10 of unit 1 holds 585$/,
      /desired in the cloud: setpoint = 61\.5$/,
      /written: the register holds 615, read past the mapper$/,
      /read back and reported: setpoint = 61\.5, observedDesired 61\.5$/,
    ]
    expect(steps).toHaveLength(expected.length)
    expected.forEach((pattern, index) => expect(steps[index]).toMatch(pattern))

    const pids = [...output.matchAll(/(edge-sim|mapper-modbus|modbus-simulator) (\d+)/g)]
    expect(new Set(pids.map(([, name]) => name)).size).toBe(3)
    for (const [, , pid] of pids) expect(isRunning(Number(pid))).toBe(false)
    expect(readdirSync(temporary)).toEqual([])
  },
)

test(
  'runs until it is stopped, also when its usual port is taken',
  { timeout: 120_000 },
  async () => {
    const server = createServer()
    // Somebody else may have taken it already; all the better.
    await new Promise<void>((resolve) => {
      server.once('error', () => resolve())
      server.listen(15_020, '127.0.0.1', resolve)
    })
    try {
      const run = demo()
      await expect.poll(run.output, { timeout: 60_000 }).toMatch(/default\/pump serial = PX-7041-B/)
      await expect.poll(run.output, { timeout: 60_000 }).toMatch(/default\/meter is ok/)
      expect(run.output()).not.toContain(': error:')
      run.process.kill('SIGTERM')
      expect(await run.ended).toBe(0)
      expect(readdirSync(temporary)).toEqual([])
    } finally {
      server.close()
    }
  },
)
