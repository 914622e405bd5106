import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'

// Made by npm run build, as npm test does first.
const bin = fileURLToPath(new URL('../dist/bin.js', import.meta.url))
let parent: string
let child: ChildProcess | undefined

beforeEach(async () => {
  parent = await mkdtemp(path.join(tmpdir(), 'create-mapper-'))
})
afterEach(async () => {
  child?.kill('SIGKILL')
  await rm(parent, { recursive: true })
})

/** Runs a command; `answers` are typed when what stands before them has been said. */
async function run(
  command: string,
  args: readonly string[],
  answers: readonly (readonly [said: string, typed: string])[] = [],
): Promise<{ readonly code: number | null; readonly output: string }> {
  const own = spawn(command, args, { cwd: parent, env: { ...process.env, TERM: 'xterm' } })
  child = own
  let output = ''
  let heard = 0
  const open = [...answers]
  for (const stream of [own.stdout, own.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      const [next] = open
      const at = next === undefined ? -1 : output.indexOf(next[0], heard)
      if (next === undefined || at === -1) return
      heard = at + next[0].length
      open.shift()
      own.stdin.write(next[1])
    })
  }
  const code = await new Promise<number | null>((resolve) => own.once('close', resolve))
  return { code, output }
}

test('says what it made, and what to do next', async () => {
  const { code, output } = await run(process.execPath, [bin, 'oven', '--no-install'])
  expect({ code, output }).toEqual({
    code: 0,
    output: expect.stringContaining(
      'The project is in oven.\nNext:\n  cd oven\n  npm install\n',
    ) as string,
  })
  const again = await run(process.execPath, [bin, 'oven', '--no-install'])
  expect(again.code).toBe(1)
  expect(again.output).toMatch(/^create-mapper: oven is not empty \(there is .+ and \d+ more\)/)
  const wrong = await run(process.execPath, [bin, '--name', '../x'])
  expect(wrong.code).toBe(2)
  expect(wrong.output).toContain('--help')
  expect(await readdir(parent)).toEqual(['oven'])
})

/** A command for `script`, which gives it a terminal; without a size, each letter would be a line. */
const onTerminal = (args: string) => `stty cols 80 rows 24; ${process.execPath} ${bin} ${args}`

test.skipIf(process.platform !== 'linux')('asks on a terminal', { timeout: 30_000 }, async () => {
  const command = onTerminal('--no-install')
  const { code, output } = await run(
    'script',
    ['-qec', command, '/dev/null'],
    [
      ['Folder', 'scale-mapper\r'],
      ['What does your device speak?', '\u001b[B\r'],
      ['Name of the protocol', '\r'],
    ],
  )
  expect({ code, output }).toEqual({
    code: 0,
    output: expect.stringContaining('The project is in scale-mapper.') as string,
  })
  const driver = await readFile(path.join(parent, 'scale-mapper/src/driver.js'), 'utf8')
  expect(driver).toContain("protocolName: 'scale'")
  expect(driver).toContain('createFrameLink')
})

test.skipIf(process.platform !== 'linux')('makes nothing when asked to stop', async () => {
  const command = onTerminal('oven --no-install')
  const answers = [['What does your device speak?', '\u0003']] as const
  const { code, output } = await run('script', ['-qec', command, '/dev/null'], answers)
  expect(code).toBe(1)
  expect(output).toContain('nothing was made')
  expect(await readdir(parent)).toEqual([])
})
