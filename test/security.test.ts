import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import {
  createDriverConfig,
  fileOfResource,
  type Driver,
  type Issue,
  type RawConfig,
} from '@mapper-sdk/core'
import { startEdgeSim } from '@mapper-sdk/edge-sim'
import { modbusDriver } from '@mapper-sdk/modbus'
import { opcuaDriver } from '@mapper-sdk/opcua'
import { startOpcuaSimulator } from '@mapper-sdk/opcua/simulator'
import { serialDriver } from '@mapper-sdk/serial'
import { describe, expect, test, vi } from 'vitest'
import { pageOf, root } from './docs/markdown.ts'
import { manifestsOf } from './support/manifests.ts'
import { startMapper } from './support/mapper-process.ts'
import { scratchFolder } from './support/scratch-folder.ts'
import { until } from './support/until.ts'

describe('what SECURITY.md says is tested', () => {
  const page = pageOf('docs/SECURITY.md')
  const [, section = ''] = page.text.split('\n## What is tested\n')
  const rows = (section.split('\n## ')[0] ?? '')
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(2)
    .map((line) => {
      const [, fault = '', tests = ''] = line.split(/(?<!\\)\|/)
      const proofs = [...tests.matchAll(/`([^`]+)` in \[[^\]]+\]\(([^)]+)\)/g)]
      return {
        fault: fault.trim(),
        proofs: proofs.map(([, name = '', file = '']) => ({ name, file })),
      }
    })

  test('is a table in which every row has a test', () => {
    expect(rows.length).toBeGreaterThan(20)
    expect(rows.filter(({ proofs }) => proofs.length === 0).map(({ fault }) => fault)).toEqual([])
    const faults = rows.map(({ fault }) => fault)
    expect(new Set(faults).size).toBe(faults.length)
  })

  test.each(rows)('$fault', ({ proofs }) => {
    for (const { name, file } of proofs) {
      const at = path.join(root, 'docs', file)
      expect(existsSync(at), `${file} is there`).toBe(true)
      const titles = titlesIn(readFileSync(at, 'utf8'))
      expect(titles, `${file} has a test of that name`).toContain(name)
    }
  })

  test('and a test that is gone, or only a comment or a text, would be found', () => {
    expect(titlesIn("test('a', () => {})\n  it.each([1])(\n    `b`,")).toEqual(['a', 'b'])
    expect(
      titlesIn("test.each<[string, () => unknown]>([\n  ['x', () => f(1)],\n])('c d', () =>"),
    ).toEqual(['c d'])
    expect(titlesIn("// test('a')\nconst b = 'b'\nexpect(x).toBe('c')")).toEqual([])
  })
})

test('the page names every place where no device may name a file', async () => {
  vi.stubEnv('MAPPER_FILES', undefined)
  const error: unknown = await fileOfResource('caFile', '/proc/x').catch(
    (thrown: unknown) => thrown,
  )
  vi.unstubAllEnvs()
  const places = String(error).match(/(?<=[:,] )\/[\w./-]+/g) ?? []
  expect(places.length).toBeGreaterThan(10)
  const [, section = ''] = pageOf('docs/SECURITY.md').text.split('\n#### Files that devices name\n')
  // Copies that tools leave behind go without a mention, and so does the older name of /run.
  const named = places.map((place) => place.replace(/-$|\.d$/, '').replace('/var/run/', '/run/'))
  expect(named.filter((place) => !section.includes(`\`${place}\``))).toEqual([])
})

/** The titles of the tests and groups of a file, as they are written. */
function titlesIn(text: string): readonly string[] {
  const code = text.replaceAll(/^\s*(?:\/\/|\*|\/\*).*$/gm, '')
  const direct = /\b(?:test|it|describe)\(\s*(['"`])(.*?)\1\s*,/g
  // Of a table of cases the title comes after it: `])('title', …`.
  const ofTables = /\b(?:test|it|describe)\.\w+[^]*?\)\(\s*(['"`])(.*?)\1\s*,/g
  return [direct, ofTables].flatMap((form) =>
    [...code.matchAll(form)].map(([, , title = '']) => title),
  )
}

/** What is wrong with the protocol configuration of a device, in one text; empty: nothing. */
function problemsOf<P, V>(driver: Driver<P, V>, raw: RawConfig): string {
  const issues: Issue[] = []
  createDriverConfig(driver).protocol(raw, issues)
  return issues
    .filter(({ severity }) => severity === 'error')
    .map(({ path: place, message }) => `${place.join('.')} ${message}`)
    .join('\n')
}

describe('an address in a device leads to a device only', () => {
  const recipe = 'mt-sics-scale'
  const url = 'opc.tcp://192.0.2.10:4840'
  test('the right ones are taken', () => {
    expect(problemsOf(opcuaDriver, { url })).toBe('')
    expect(problemsOf(modbusDriver, { host: '192.0.2.10' })).toBe('')
    expect(problemsOf(serialDriver, { host: '192.0.2.10', port: 4001, recipe })).toBe('')
  })

  test.each([
    'http://169.254.169.254/latest/meta-data',
    'https://127.0.0.1:10350/',
    'file:///etc/passwd',
    'unix:/run/containerd/containerd.sock',
    '/run/containerd/containerd.sock',
    'opc.tcp://a b',
    'opc.tcp://192.0.2.10\r\nHost: x',
    'opc.tcp://user:hunter2@192.0.2.10',
    'OPC.TCP:192.0.2.10',
    '',
  ])('%j is no address of an OPC UA server', (wrong) => {
    expect(problemsOf(opcuaDriver, { url: wrong })).toContain('configData.url')
    if (wrong === '') return
    expect(problemsOf(opcuaDriver, { url, backupUrls: wrong })).toContain('configData.backupUrls')
    expect(problemsOf(opcuaDriver, { url, backupUrls: wrong })).not.toContain('hunter2')
  })

  test.each([
    'http://169.254.169.254/',
    'file:///etc/passwd',
    '/run/containerd/containerd.sock',
    'unix:/run/x.sock',
    'a b',
    'a\r\nb',
    'user@192.0.2.10',
    '',
  ])('%j is no host', (host) => {
    expect(problemsOf(modbusDriver, { host }), 'modbus').not.toBe('')
    expect(problemsOf(serialDriver, { host, port: 4001, recipe }), 'serial').not.toBe('')
  })
})

test('no file leaves the gateway by a device that names it, and no secret is told', async ({
  onTestFinished,
}) => {
  const planted = {
    token: 'planted-token-5ecret',
    sent: 'planted-password-5ecret',
    outside: 'planted-outside-5ecret',
    literal: 'planted-literal-5ecret',
  }
  // Whoever gets hold of a file could log in with what is in it.
  const users = { sent: planted.sent, token: planted.token, outside: planted.outside }
  const { folder, remove } = await scratchFolder()
  onTestFinished(remove)
  const field = await startOpcuaSimulator({ users })
  onTestFinished(() => field.close())
  const at = (...names: readonly string[]) => path.join(folder, ...names)
  await mkdir(at('devices'))
  await mkdir(at('state'))
  await writeFile(at('devices', 'password'), planted.sent)
  await writeFile(at('devices', 'token'), `${planted.token}\n`)
  await writeFile(at('outside'), planted.outside)
  await symlink(at('outside'), at('devices', 'link'))

  const edgecore = at('dmi.sock')
  const sim = await startEdgeSim({ socketPath: edgecore })
  onTestFinished(() => sim.close())
  const visitor = { nodeID: 'nsu=urn:mapper-sdk:simulator;s=Scalars.Int32' }
  const wishes: Readonly<Record<string, object>> = {
    good: { userName: 'sent', passwordFile: at('devices', 'password') },
    token: { userName: 'token', passwordFile: at('devices', 'token') },
    outside: { userName: 'outside', passwordFile: at('outside') },
    'as-password': { userName: 'outside', password: at('outside') },
    link: { userName: 'outside', passwordFile: at('devices', 'link') },
    system: { userName: 'outside', passwordFile: '/etc/passwd' },
    key: { securityPolicy: 'auto', certificateFile: at('outside'), keyFile: at('outside') },
    folder: { securityPolicy: 'auto', pkiFolder: at('pki') },
    literal: { userName: 'sent', password: planted.literal },
  }
  for (const [name, more] of Object.entries(wishes)) {
    const properties = [{ name: 'count', type: 'INT', visitor }] as const
    const protocol = { url: field.url, ...more }
    for (const manifest of manifestsOf({ name, protocolName: 'opcua', protocol, properties })) {
      sim.apply(manifest)
    }
  }
  const mapper = await startMapper({
    ...{ folder, edgecore, name: 'opcua-mapper', driver: 'opcua' },
    more: `state_dir: ${at('state')}\nlog:\n  level: debug\nhttp:\n  token_file: ${at('devices', 'token')}\n`,
    environment: { MAPPER_FILES: at('devices') },
  })
  onTestFinished(async () => void (await mapper.stop()))

  const url = await until(
    'the REST API is served',
    () => mapper.objects.map((line) => line['url']).find((each) => typeof each === 'string'),
    (each) => each !== undefined,
  )
  const seen: string[] = []
  const ask = async (place: string) => {
    const response = await fetch(`${String(url)}${place}`)
    const text = await response.text()
    seen.push(text, ...[...response.headers].map(([, value]) => value))
    return text
  }
  const why = {
    good: '"text":"-2000000000"',
    token: "is the mapper's own",
    outside: 'lies in no folder for files',
    'as-password': 'lies in no folder for files',
    link: 'lies in no folder for files',
    system: 'lies in no folder for files',
    key: 'lies in no folder for files',
    folder: 'lies in no folder for files',
    literal: 'access_denied',
  }
  for (const [name, text] of Object.entries(why)) {
    await until(
      `${name} says ${text}`,
      () => ask(`/api/v1/device/default/${name}/count/explain`),
      (answer) => answer.includes(text),
      30_000,
    )
  }
  for (const place of ['/api/v1/devices', '/metrics', '/readyz', '/api/v1/openapi.json']) {
    await ask(place)
  }
  const reported = () =>
    sim.cloud().flatMap(({ id, twins }) => (twins[0]?.reported === undefined ? [] : [id]))
  await until('the good one is reported', reported, (ids) => ids.length > 0)
  expect(reported()).toEqual(['default/good'])
  expect(field.sessionCount).toBe(1)
  expect(existsSync(at('pki'))).toBe(false)

  expect(await mapper.stop()).toBe(0)
  const kept = readdirSync(at('state'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(path.join(entry.parentPath, entry.name), 'latin1'))
  const all = [...mapper.lines, ...seen, ...kept, JSON.stringify(sim.cloud())]
  expect(mapper.lines.length).toBeGreaterThan(10)
  expect(all.filter((text) => /planted|root:/.test(text))).toEqual([])
}, 60_000)
