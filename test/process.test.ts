import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { startEdgeSim, type EdgeSim } from '@mapper-sdk/edge-sim'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const bin = path.resolve('packages/cli/dist/bin.js')
const fixture = (name: string) => path.resolve('test/fixtures', `${name}-driver.js`)

interface Run {
  readonly child: ChildProcess
  readonly ended: Promise<number | string>
  out(): string
  err(): string
  /** Resolves once stdout contains the text. */
  said(text: string): Promise<void>
}

let folder: string
const runs: Run[] = []
beforeEach(async () => void (folder = await mkdtemp(path.join(tmpdir(), 'mapper-process-'))))
afterEach(async () => {
  for (const { child, ended } of runs.splice(0)) {
    child.kill('SIGKILL')
    await ended
  }
  await rm(folder, { recursive: true })
})

const socketPath = () => path.join(folder, 'mapper.sock')
const edgePath = () => path.join(folder, 'dmi.sock')

async function configFile(extra = ''): Promise<string> {
  const file = path.join(folder, 'config.yaml')
  const text = `grpc_server:\n  socket_path: ${socketPath()}\ncommon:\n  edgecore_sock: ${edgePath()}\n`
  await writeFile(file, text + extra)
  return file
}

function start(...args: readonly string[]): Run {
  const child = spawn(process.execPath, [bin, 'run', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk: Buffer) => (out += String(chunk)))
  child.stderr.on('data', (chunk: Buffer) => (err += String(chunk)))
  const ended = new Promise<number | string>((resolve) =>
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown')),
  )
  const run: Run = {
    child,
    ended,
    out: () => out,
    err: () => err,
    said: (text) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!out.includes(text)) return
          child.stdout.off('data', look)
          resolve()
        }
        child.stdout.on('data', look)
        look()
        void ended.then((code) => reject(new Error(`ended with ${code}:\n${out}${err}`)))
      }),
  }
  runs.push(run)
  return run
}

describe('signals', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('%s ends it cleanly', async (signal) => {
    const run = start(fixture('counter'), '--config-file', await configFile())
    await run.said('EdgeCore is not running on this node')
    run.child.kill(signal)
    expect(await run.ended).toBe(0)
    expect(run.out()).toContain('"msg":"stopped"')
    expect(run.err()).toBe('')
    expect(existsSync(socketPath())).toBe(false)
  })

  test('a log reader that has gone does not matter', async () => {
    const run = start(fixture('counter'), '--config-file', await configFile(), '--v=4')
    await run.said('starting')
    run.child.stdout?.destroy()
    run.child.kill('SIGTERM')
    expect(await run.ended).toBe(0)
    expect(run.err()).toBe('')
  })

  test('an error that nobody caught is logged and ends it with 70', async () => {
    const run = start(fixture('faulty'), '--config-file', await configFile())
    expect(await run.ended).toBe(70)
    const last = run.out().trim().split('\n').at(-1) ?? ''
    expect(JSON.parse(last)).toMatchObject({
      level: 'fatal',
      err: { message: 'nobody caught this' },
    })
  })
})

describe('a driver that does not stop', () => {
  let sim: EdgeSim
  beforeEach(async () => {
    const model = {
      apiVersion: 'devices.kubeedge.io/v1beta1',
      kind: 'DeviceModel',
      metadata: { name: 'model' },
      spec: { properties: [{ name: 'p', type: 'INT', accessMode: 'ReadOnly' }] },
    }
    const device = {
      apiVersion: 'devices.kubeedge.io/v1beta1',
      kind: 'Device',
      metadata: { name: 'device' },
      spec: {
        deviceModelRef: { name: 'model' },
        protocol: { protocolName: 'stuck', configData: {} },
        properties: [{ name: 'p', reportToCloud: true, visitors: { configData: {} } }],
      },
    }
    const devices = await mkdtemp(path.join(folder, 'devices-'))
    await writeFile(path.join(devices, 'model.yaml'), JSON.stringify(model))
    await writeFile(path.join(devices, 'device.yaml'), JSON.stringify(device))
    sim = await startEdgeSim({ socketPath: edgePath(), folder: devices })
  })
  afterEach(() => sim.close())

  const stuck = async () => {
    const run = start(fixture('stuck'), '--config-file', await configFile())
    await expect.poll(() => sim.cloud()[0]?.twins[0]?.reported, { timeout: 20_000 }).toBe('1')
    run.child.kill('SIGTERM')
    await run.said('stopping')
    return run
  }

  test('is ended at once by a second signal', async () => {
    const run = await stuck()
    // Right after the first one, a signal counts as its echo.
    const again = setInterval(() => run.child.kill('SIGTERM'), 100)
    const code = await run.ended.finally(() => clearInterval(again))
    expect([0, 143]).toContain(code)
    if (code === 143) expect(run.out()).toContain('stopped at once by a second signal')
  })

  test('is ended anyway', async () => {
    const run = await stuck()
    expect([0, 70]).toContain(await run.ended)
  })
})

describe('what cannot work is said on stderr, with exit code 2', () => {
  test.each([
    ['a wrong field', 'common:\n  http_port: x\n', /:2:14: common\.http_port: is the text "x"/],
    ['broken YAML', 'common: [\n', /:\d+:\d+: /],
    ['an empty file', '', /:1:1: the file is empty/],
  ])('%s', async (_, text, message) => {
    const file = path.join(folder, 'config.yaml')
    await writeFile(file, text)
    const run = start(fixture('counter'), '--config-file', file)
    expect(await run.ended).toBe(2)
    expect(run.out()).toBe('')
    expect(run.err().startsWith(`${file}:`)).toBe(true)
    expect(run.err()).toMatch(message)
    expect(run.err()).not.toContain('    at ')
  })

  test.each([
    [
      'a missing file',
      [fixture('counter'), '--config-file', '/nonexistent/c.yaml'],
      'no such file',
    ],
    ['an unknown flag', [fixture('counter'), '--confg-file', 'x'], 'did you mean --config-file?'],
    ['no driver', [], 'mapper run DRIVER'],
    [
      'an unknown driver',
      ['modbsu'],
      'neither a known driver (modbus, opcua, serial) nor a package',
    ],
    ['a driver file that is not there', ['./nope.js'], 'no such file'],
    [
      'a module without a driver',
      [path.resolve('packages/core/dist/log.js')],
      'exports no driver (it exports silentLogger;',
    ],
  ])('%s', async (_, args, message) => {
    const run = start(...args)
    expect(await run.ended).toBe(2)
    expect(run.err()).toContain(message)
    expect(run.err()).not.toContain('    at ')
  })

  test('a socket path that is not ours to take', async () => {
    await writeFile(socketPath(), 'a file of somebody else')
    const run = start(fixture('counter'), '--config-file', await configFile())
    expect(await run.ended).toBe(2)
    expect(run.out()).toContain(socketPath())
  })
})
