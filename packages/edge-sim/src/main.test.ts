import { create } from '@bufbuild/protobuf'
import * as dmi from '@mapper-sdk/core/dmi'
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { requireMosquitto, startMosquitto } from '../../../test/support/mosquitto.ts'
import { connectControl } from './control-client.ts'
import { callManager, deviceCr, modelCr, tempFolder } from './raw-mapper.suite.ts'

const bin = fileURLToPath(new URL('../dist/main.js', import.meta.url))

/** The built process, as users run it. */
function run(args: readonly string[]) {
  const child = spawn(process.execPath, [bin, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const exited = new Promise<number | null>((resolve) => child.on('exit', resolve))
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await exited
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    child,
    exited,
    stderr: () => stderr,
    line: async () => String((await lines.next()).value),
  }
}

async function folder(): Promise<{ folder: string; socket: string }> {
  const temp = await tempFolder()
  await writeFile(
    path.join(temp, 'all.yaml'),
    `${JSON.stringify(modelCr())}\n---\n${JSON.stringify(deviceCr())}\n`,
  )
  return { folder: temp, socket: path.join(temp, 'dmi.sock') }
}

const built = existsSync(bin) || process.env['CI'] !== undefined
if (!built)
  process.stderr.write('edge-sim: the process is not tested, for it is not built (npm run build)\n')

test.runIf(built)('ready, then ended by SIGTERM with 0', async () => {
  const { folder: of, socket } = await folder()
  const { child, exited, line } = run([of, '--socket', socket, '--http', '0'])
  const ready = JSON.parse(await line()) as { control: string; socket: string }
  expect(ready.socket).toBe(socket)
  expect(await connectControl(ready.control).cloud()).toMatchObject([{ id: 'plant/boiler' }])
  child.kill('SIGTERM')
  expect(await exited).toBe(0)
})

test.runIf(built)('with a broker, for mappers of KubeEdge up to 1.14', async (context) => {
  requireMosquitto(context)
  const broker = await startMosquitto()
  onTestFinished(() => broker.stop())
  const { folder: of, socket } = await folder()
  const profile = path.join(path.dirname(socket), 'deviceProfile.json')
  const legacy = ['--legacy', '--mqtt', broker.url, '--profile', profile]
  const { child, exited, line } = run([of, '--socket', socket, '--http', '0', ...legacy])
  const { control } = JSON.parse(await line()) as { control: string }
  expect(await connectControl(control).stats()).toMatchObject({ mqtt: { connected: true } })
  child.kill('SIGTERM')
  expect(await exited).toBe(0)
  expect(await readFile(profile, 'utf8')).toContain('"modbus-boiler"')
})

test.runIf(built)('a malformed call ends it with 70, loudly', async () => {
  const { folder: of, socket } = await folder()
  const { exited, line, stderr } = run([of, '--socket', socket, '--version', '1.20'])
  await line()
  const request = create(dmi.MapperRegisterRequestSchema, { withData: true })
  await expect(callManager(socket, 'MapperRegister', request)).rejects.toMatchObject({ code: 14 })
  expect(await exited).toBe(70)
  expect(stderr()).toMatch(/EDGECORE CRASHED[\s\S]*the request has no mapper/)
})

test.runIf(built)('wrong input ends it with 2 and the usage', async () => {
  const { folder: of, socket } = await folder()
  for (const args of [[], [of], [of, '--socket', socket, '--version', '2'], ['--nonsense']]) {
    const { exited, stderr } = run(args)
    expect(await exited).toBe(2)
    expect(stderr()).toContain('edge-sim FOLDER --socket PATH')
  }
})
