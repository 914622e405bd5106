import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parseConfig } from '../../packages/core/src/main/config-file.ts'
import { root } from '../docs/markdown.ts'
import { startChild } from '../support/child.ts'
import { parseUnit } from './systemd.ts'

const folder = path.join(root, 'examples/deploy/systemd')
const read = (name: string) => readFileSync(path.join(folder, name), 'utf8')
const unit = parseUnit(read('mapper@.service'))
const valuesOf = (key: string) => unit.filter((line) => line.key === key).map(({ value }) => value)

const scratch = () => {
  const made = mkdtempSync(path.join(tmpdir(), 'unit-'))
  onTestFinished(() => rmSync(made, { recursive: true }))
  return made
}

test.each(['mapper@.service', 'non-root.conf', 'edgecore-socket.conf'])(
  '%s has known keys',
  (name) => {
    expect(parseUnit(read(name)).length).toBeGreaterThan(2)
  },
)

test.each([
  '[Service]\nNoNewPrivilege=yes',
  '[Servic]\nUser=root',
  '[Unit]\nUser=root',
  '[Service]\nx',
])('what systemd would pass over is found: %j', (text) =>
  expect(() => parseUnit(text)).toThrow(/^no (key|section)/),
)

test.each(['mapper.tmpfiles.conf', 'edgecore.tmpfiles.conf'])('%s makes folders', (name) => {
  const lines = read(name)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  expect(lines.length).toBeGreaterThan(0)
  for (const line of lines)
    expect(line).toMatch(/^d \/(run|var\/lib)\/\w+ 0\d{3} root (root|65532)$/)
})

test('the unit gives a mapper what it needs, and nothing else', () => {
  expect(valuesOf('CapabilityBoundingSet')).toEqual([''])
  expect(valuesOf('NoNewPrivileges')).toEqual(['yes'])
  expect(valuesOf('ProtectSystem')).toEqual(['strict'])
  expect(valuesOf('DevicePolicy')).toEqual(['closed'])
  for (const device of valuesOf('DeviceAllow')) expect(device).toMatch(/^char-tty\w+ rw$/)
  // V8 compiles at run time.
  expect(valuesOf('MemoryDenyWriteExecute')).toEqual([])
  expect(valuesOf('Restart')).toEqual(['always'])
  expect(Number(valuesOf('TimeoutStopSec')[0])).toBeGreaterThan(9)
})

test('its configuration file is right, and writes only where the unit allows it', () => {
  const { config, problems } = parseConfig(read('modbus.yaml'))
  expect(problems).toEqual([])
  expect(config?.grpc_server.socket_path).toMatch(`/run/${valuesOf('RuntimeDirectory')[0]}/`)
  expect(config?.state_dir).toBe(`/var/lib/${valuesOf('StateDirectory')[0]}`)
  const base = path.join(root, 'examples/deploy/kustomize/base/config.yaml')
  expect(read('modbus.yaml')).toBe(readFileSync(base, 'utf8'))
})

describe('systemd', () => {
  const analyze = whyNoAnalyze()

  test.skipIf(analyze !== 'there')(`finds nothing wrong (systemd-analyze is ${analyze})`, () => {
    const at = path.join(scratch(), 'mapper@modbus.service')
    writeFileSync(at, read('mapper@.service').replace(/^ExecStart=\S+/m, 'ExecStart=/bin/true'))
    const run = (...args: readonly string[]) =>
      execFileSync('systemd-analyze', [...args, at], { encoding: 'utf8', stdio: 'pipe' })
    expect(run('verify', '--man=no', '--recursive-errors=no')).toBe('')
    // Of 10, the most exposed. A service without any of this has 9.6.
    const said = run('security', '--offline=true', '--no-pager')
    const [, exposure] = /exposure level for \S+: ([\d.]+)/.exec(said) ?? []
    expect(Number(exposure)).toBeGreaterThan(0)
    expect(Number(exposure)).toBeLessThan(2.5)
  })
})

test("the drop-in of EdgeCore waits for its socket, and lets the mapper's group in", async () => {
  const place = scratch()
  const socket = path.join(place, 'dmi.sock')
  const group = String(process.getgid?.())
  const steps = (key: string) =>
    parseUnit(read('edgecore-socket.conf'))
      .filter((line) => line.key === key)
      .map(({ value }) => value.slice(1).replaceAll('/etc/kubeedge/dmi.sock', socket))
      .map((command) => command.replace('chgrp mapper', `chgrp ${group}`))
  const shell = (command: string) => startChild('sh', ['-c', command])

  writeFileSync(socket, 'left from before')
  for (const command of steps('ExecStartPre')) expect(await shell(command).ended).toBe(0)
  expect(readdirSync(place)).toEqual([])

  const [wait = '', ...then] = steps('ExecStartPost')
  const waiting = shell(wait)
  const server = createServer()
  onTestFinished(() => void server.close())
  await new Promise<void>((resolve) => server.listen(socket, resolve))
  expect(await waiting.ended).toBe(0)
  expect(then).toHaveLength(2)
  for (const command of then) expect(await shell(command).ended).toBe(0)
  expect(statSync(socket).mode & 0o777).toBe(0o770)
  expect(statSync(socket).gid).toBe(Number(group))
})

function whyNoAnalyze(): string {
  try {
    execFileSync('systemd-analyze', ['--version'], { stdio: 'pipe' })
    return 'there'
  } catch {
    return 'not on this machine'
  }
}
