import { spawn, type ChildProcess } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

const bin = path.resolve('packages/cli/dist/bin.js')
const counter = path.resolve('test/fixtures/counter-driver.js')

const model = `apiVersion: devices.kubeedge.io/v1beta1
kind: DeviceModel
metadata: { name: model }
spec:
  properties:
    - { name: count, type: INT, accessMode: ReadWrite }
`
const device = (name: string) => `---
apiVersion: devices.kubeedge.io/v1beta1
kind: Device
metadata: { name: ${name} }
spec:
  deviceModelRef: { name: model }
  stateReport: { reportToCloud: true }
  protocol: { protocolName: counter, configData: { start: 100 } }
  properties:
    - name: count
      collectCycle: 200
      reportCycle: 200
      reportToCloud: true
      visitors: { configData: { step: 1 } }
`

let folder: string
let child: ChildProcess
let ended: Promise<number | string>
let output = ''

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'mapper-dev-test-'))
  await mkdir(path.join(folder, 'devices'))
  await mkdir(path.join(folder, 'tmp'))
  await put(model + device('one'))
  output = ''
  child = spawn(
    process.execPath,
    [bin, 'dev', path.join(folder, 'devices'), '--driver', `counter=${counter}`],
    // What it leaves in its temporary directory can be seen there.
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, TMPDIR: path.join(folder, 'tmp') },
    },
  )
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => (output += String(chunk)))
  }
  ended = new Promise((resolve) =>
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown')),
  )
})

afterEach(async () => {
  child.kill('SIGKILL')
  await ended
  await expect.poll(descendants, { timeout: 20_000 }).toEqual([])
  await rm(folder, { recursive: true })
})

const put = (text: string) => writeFile(path.join(folder, 'devices', 'all.yaml'), text)
const said = (text: string | RegExp) => expect.poll(() => output, { timeout: 20_000 }).toMatch(text)

/** Processes whose command line names this test's folder. */
async function descendants(): Promise<string[]> {
  const found: string[] = []
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    if (command.includes(folder) && Number(pid) !== child.pid) found.push(command)
  }
  return found
}

const linux = process.platform === 'linux'

test.skipIf(!linux)(
  'runs a folder, follows its changes, and leaves nothing behind',
  { timeout: 90_000 },
  async () => {
    await said(/default\/one is ok/)
    await said(/default\/one count = 1\d\d/)
    expect(await descendants()).toHaveLength(2)

    await put(model + device('one') + device('two').replace('step: 1', 'step: 0'))
    await said(/all\.yaml:\d+:\d+: error: spec\.properties\[0\]\.visitors\.configData\.step: is 0/)
    await put(model + device('one') + device('two'))
    await said(/default\/two count = /)
    await put(model + device('two'))
    await said(/default\/one is gone/)

    child.kill('SIGINT')
    expect(await ended).toBe(0)
    expect(readdirSync(path.join(folder, 'tmp'))).toEqual([])
    expect(await descendants()).toEqual([])
  },
)

test.skipIf(!linux)('its processes end even if it is killed', { timeout: 60_000 }, async () => {
  await said(/default\/one count = /)
  child.kill('SIGKILL')
  await ended
})

test.skipIf(!linux)(
  'tells when one of its processes ends, and ends too',
  { timeout: 60_000 },
  async () => {
    await said(/default\/one count = /)
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
      if (command.includes(folder) && command.includes('bin.js\0run'))
        process.kill(Number(pid), 'SIGKILL')
    }
    expect(await ended).toBe(1)
    expect(output).toContain('mapper-counter ended by itself with signal SIGKILL')
  },
)
