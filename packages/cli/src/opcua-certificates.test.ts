import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { startOpcuaSimulator, type OpcuaSimulator } from '@mapper-sdk/opcua/simulator'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fakeIo } from './command-io.suite.ts'
import {
  pkiFolderOf,
  printCertificates,
  trustCertificate,
  untrustCertificate,
} from './opcua-certificates.ts'
import { opcua } from './opcua-field.suite.ts'
import { read } from './read.ts'
import { createTarget } from './target.ts'

let field: OpcuaSimulator
let folder: string
beforeAll(async () => {
  field = await startOpcuaSimulator()
  folder = await mkdtemp(path.join(tmpdir(), 'mapper-pki-'))
})
afterAll(async () => {
  await field.close()
  await rm(folder, { recursive: true })
})

const once = { json: false, raw: false, identify: false, timeoutMs: 10_000 }

test('a server is trusted by the command of the message that refused it, and no longer', async () => {
  const state = path.join(folder, 'state')
  const config = path.join(folder, 'config.yaml')
  await writeFile(config, `state_dir: ${state}\ncommon: {}\n`)
  const pki = await pkiFolderOf({ config })
  expect(pki).toBe(path.join(state, 'opcua-pki'))

  const where = `127.0.0.1:${field.port},securityPolicy=auto,pkiFolder=${pki}`
  const target = createTarget(opcua, { where, places: ['ns=3;s=Scalars.Int32'] })
  const refused: unknown = await read(target, once, fakeIo().io).catch((thrown: unknown) => thrown)
  const [, which = '', named] = /mapper opcua trust (\S+) --pki (\S+)/.exec(String(refused)) ?? []
  expect(named).toBe(pki)

  const before = fakeIo()
  expect(await printCertificates(pki, { json: false }, before.io)).toBe(true)
  expect(before.out()).toMatch(/^own {7}[0-9A-F]{40} {2}".*"\n {10}valid from/)
  expect(before.out()).toContain(`rejected  ${which}`)

  const screen = fakeIo()
  await trustCertificate(await pkiFolderOf({ pki: named ?? '' }), which.slice(0, 8), screen.io)
  expect(screen.out()).toContain(`trusted: `)
  expect(screen.out()).toContain(which)
  expect(await read(target, once, fakeIo().io)).toBe(true)

  await untrustCertificate(pki, which, screen.io)
  expect(screen.out()).toContain('no longer trusted: ')
  await expect(read(target, once, fakeIo().io)).rejects.toMatchObject({ code: 'access_denied' })
})

test('a certificate is trusted from a file; what runs out is told', async () => {
  const pki = path.join(folder, 'other')
  const file = path.join(folder, 'server.der')
  await writeFile(file, field.certificate)
  await trustCertificate(pki, file, fakeIo().io)
  expect(await readdir(path.join(pki, 'trusted/certs'))).toHaveLength(1)
  await writeFile(path.join(pki, 'issuers/certs/broken.der'), 'nothing')

  const objects = async (now?: number) => {
    const screen = fakeIo()
    await printCertificates(pki, { json: true, ...(now !== undefined && { now }) }, screen.io)
    return screen.lines().map((line) => JSON.parse(line) as Record<string, string>)
  }
  const [trusted, broken] = await objects()
  expect(trusted).toMatchObject({ room: 'trusted', thumbprint: expect.any(String) as string })
  expect(trusted).not.toHaveProperty('problem')
  expect(broken).toMatchObject({ room: 'issuers', file: 'issuers/certs/broken.der' })
  expect(broken?.['problem']).toContain('no certificate')

  const end = Date.parse(trusted?.['validTo'] ?? '')
  const dayMs = 86_400_000
  const problemAt = async (now: number) => (await objects(now))[0]?.['problem']
  expect(await problemAt(end - 31 * dayMs)).toBeUndefined()
  expect(await problemAt(end - 5.5 * dayMs)).toBe('expires in 5 days; get the new one in time')
  expect(await problemAt(end + dayMs)).toMatch(/^expired on \d{4}/)
  expect(await problemAt(0)).toMatch(/^not valid before .*; is the clock right\?$/)
  const screen = fakeIo()
  expect(await printCertificates(pki, { json: false, now: end + dayMs }, screen.io)).toBe(false)
})

test('which folder is said when it is missing', async () => {
  await expect(pkiFolderOf({})).rejects.toThrow('Add --pki FOLDER')
  await expect(pkiFolderOf({ pki: 'a', config: 'b' })).rejects.toThrow('keep one of them')
  const config = path.join(folder, 'plain.yaml')
  await writeFile(config, 'common: {}\n')
  await expect(pkiFolderOf({ config })).rejects.toThrow('has no state_dir')
  const screen = fakeIo()
  expect(await printCertificates(path.join(folder, 'none'), { json: false }, screen.io)).toBe(true)
  expect(screen.err()).toContain('no certificate in ')
})
