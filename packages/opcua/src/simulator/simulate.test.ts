import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bareClients } from './bare-client.suite.ts'
import { simulate } from './simulate.ts'

const connect = bareClients()
let folder: string
let nodes: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'nodes-'))
  nodes = path.join(folder, 'nodes.yaml')
  await writeFile(
    nodes,
    `nodes:
  - { name: Boiler.Level, type: Int32, vary: { shape: ramp, min: 1, max: 1000, periodMs: 1000, everyMs: 10 } }
  - { name: Plain, type: Int64, value: 7, writable: false }
`,
  )
})
afterAll(() => rm(folder, { recursive: true }))

async function running(argv: readonly string[]) {
  const stop = new AbortController()
  let said = ''
  const out = { write: (text: string) => (said += text) }
  const ended = simulate({ argv, program: 'opcua-simulator', out, signal: stop.signal })
  await Promise.race([expect.poll(() => said).toMatch(/\n$/), ended])
  const end = () => {
    stop.abort()
    return ended
  }
  return { said: () => said, end }
}

describe('simulate', () => {
  it('serves the nodes of a file at the address that it prints', async () => {
    const { said, end } = await running([nodes, '--items', '2', '--every', '20', '--tree', '30'])
    const { opcua } = JSON.parse(said()) as { opcua: string }
    const session = await connect(opcua)
    const value = async (name: string) =>
      (await session.read({ nodeId: `ns=3;s=${name}` })).value.value as unknown
    expect(await value('Plain')).toEqual([0, 7])
    expect(await value('Tree.29')).toBe(29)
    expect(await value('Changing.1')).not.toBeNull()
    expect(await value('Changing.2')).toBeNull()
    const first = await value('Boiler.Level')
    await expect.poll(() => value('Boiler.Level')).not.toBe(first)
    await session.close()
    await end()
    expect(said().trim().split('\n')).toHaveLength(1)
  })
  it('explains itself', async () => {
    const { said, end } = await running(['--help'])
    expect(said()).toContain('Usage: opcua-simulator [NODES.yaml] [flags]')
    await end()
  })
  it.each([
    [['--port', '70000'], /--port 70000 is not in 0 … 65535/],
    [['--prt', '1'], /--prt/],
    [['a.yaml', 'b.yaml'], /one node file is taken, not 2/],
    [['/not/there.yaml'], /\/not\/there\.yaml: ENOENT/],
  ])('refuses %o', async (argv, problem) => {
    const { signal } = new AbortController()
    const options = { program: 'opcua-simulator', out: { write: () => undefined }, signal }
    await expect(simulate({ ...options, argv })).rejects.toThrow(problem)
  })
})

describe('opcua-simulator', () => {
  const bin = path.join(import.meta.dirname, '../../bin/opcua-simulator.js')
  it('prints nothing but where it is, and ends on SIGTERM with 0', async () => {
    const child = spawn(process.execPath, [bin])
    let out = ''
    let err = ''
    child.stdout.on('data', (chunk) => (out += String(chunk)))
    child.stderr.on('data', (chunk) => (err += String(chunk)))
    const ended = once(child, 'close')
    await expect.poll(() => out, { timeout: 25_000 }).toMatch(/\n$/)
    expect(JSON.parse(out)).toMatchObject({
      opcua: expect.stringMatching(/^opc\.tcp:\/\/127/) as string,
    })
    child.kill('SIGTERM')
    expect(await ended).toEqual([0, null])
    expect([out.trim().split('\n').length, err]).toEqual([1, ''])
  })
  it('says how to install node-opcua where that is missing, with exit code 2', async () => {
    const preload = path.join(folder, 'without-node-opcua.cjs')
    await writeFile(
      preload,
      `const Module = require('node:module')
const resolve = Module._resolveFilename
Module._resolveFilename = (name, ...more) => {
  if (name === 'node-opcua') throw Object.assign(new Error('not found'), { code: 'MODULE_NOT_FOUND' })
  return resolve(name, ...more)
}
`,
    )
    const child = spawn(process.execPath, ['--require', preload, bin])
    let err = ''
    child.stderr.on('data', (chunk) => (err += String(chunk)))
    expect(await once(child, 'close')).toEqual([2, null])
    expect(err).toContain('npm install node-opcua@2')
  })
})
