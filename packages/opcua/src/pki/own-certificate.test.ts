import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { at, becomeSomebody, run, somebody } from '../run-program.suite.ts'
import { createMaker, now, type Made } from './certificates.suite.ts'
import { ownCertificate, type OwnCertificate } from './own-certificate.ts'
import { ownFiles } from './own-files.ts'

const dayMs = 86_400_000

let maker: Awaited<ReturnType<typeof createMaker>>
let scratch: string
beforeAll(async () => {
  maker = await createMaker(2)
  scratch = await mkdtemp(path.join(tmpdir(), 'opcua-own-'))
})
afterAll(() => rm(scratch, { recursive: true, force: true }))

const modeOf = async (file: string) => ((await stat(file)).mode & 0o777).toString(8)

/** A folder that has a key already, so that no test waits for one. */
async function folderWithKey(name: string): Promise<string> {
  const folder = path.join(scratch, name)
  const { openPkiFolder, writeOnce } = await import('./folder.ts')
  const { ownKey } = await openPkiFolder(folder)
  await writeOnce(ownKey, Buffer.from(maker.pems[0] ?? ''), 0o600)
  return folder
}
const ask = (folder: string, at = now, applicationUri?: string): Promise<OwnCertificate> =>
  ownCertificate(folder, { applicationUri, now: at, crypto: maker.crypto })
const thumbprintOf = ({ chain }: OwnCertificate) => chain[0].thumbprint

describe('the certificate in the folder', () => {
  test('is made with key, names and time, for nobody else to read the key', async () => {
    const folder = path.join(scratch, 'new/pki')
    const made = await ask(folder)
    const [certificate] = made.chain
    expect(made).toMatchObject({
      applicationUri: `urn:${hostname()}:kubeedge-mapper`,
      file: path.join(folder, 'own/certs/mapper.der'),
      warnings: [],
    })
    expect(certificate).toMatchObject({
      applicationUris: [made.applicationUri],
      hosts: [hostname()],
      validFrom: now - dayMs,
      validTo: now + 1825 * dayMs,
    })
    expect(certificate.x509.publicKey.asymmetricKeyDetails?.modulusLength).toBe(2048)
    expect(await modeOf(path.join(folder, 'own/private/key.pem'))).toBe('600')
    expect(await modeOf(path.join(folder, 'own'))).toBe('700')
    expect(await modeOf(path.join(folder, 'own/private'))).toBe('700')
    expect(thumbprintOf(await ask(folder))).toBe(certificate.thumbprint)
  })
  test('does not show its key when it is printed', async () => {
    const { inspect } = await import('node:util')
    const made = await ask(await folderWithKey('print'))
    const secret = made.keyPem().split('\n')[3] ?? ''
    expect(secret.length).toBeGreaterThan(40)
    expect(inspect(made, { depth: 9 }) + JSON.stringify(made)).not.toContain(secret)
  })
  test('is the same for all who ask at once, in one process and in several', async () => {
    const folder = path.join(scratch, 'together')
    const program = `
      const { ownCertificate } = await import(${at('pki/own-certificate.js')})
      const { loadLibrary } = await import(${at('library.js')})
      const { crypto_utils: crypto } = await loadLibrary()
      const made = await ownCertificate(${JSON.stringify(folder)}, { now: ${now}, crypto })
      made.chain[0].x509.checkPrivateKey((await import('node:crypto')).createPrivateKey(made.keyPem()))
        && process.stdout.write(made.chain[0].thumbprint)`
    const child = async () => {
      const { stdout } = await run(program)
      return stdout
    }
    const here = async () => thumbprintOf(await ask(folder))
    const all = await Promise.all([child(), here(), here(), here()])
    expect(all[0]).toMatch(/^[0-9A-F]{40}$/)
    expect(new Set(all).size).toBe(1)
    expect(await readdir(path.join(folder, 'own/certs'))).toEqual(['mapper.der'])
    expect(await readdir(path.join(folder, 'own/private'))).toEqual(['key.pem'])
  })
  test('is renewed: announced 30 days ahead, used 3 days ahead, with the same key', async () => {
    const folder = await folderWithKey('renewal')
    const first = await ask(folder)
    const end = first.chain[0].validTo
    expect((await ask(folder, end - 31 * dayMs)).warnings).toEqual([])
    expect(await readdir(path.join(folder, 'own/certs'))).toEqual(['mapper.der'])

    const announced = await ask(folder, end - 29.5 * dayMs)
    expect(thumbprintOf(announced)).toBe(thumbprintOf(first))
    const [warning = ''] = announced.warnings
    expect(warning).toContain('in 29 days')
    expect(warning).toContain(path.join(folder, 'own/certs/mapper-next.der'))
    const nextThumbprint = /thumbprint (\w{40})/.exec(warning)?.[1]
    expect(nextThumbprint).not.toBe(thumbprintOf(first))
    expect((await ask(folder, end - 10.5 * dayMs)).warnings[0]).toContain(nextThumbprint)

    const late = end - 2.5 * dayMs
    const both = await Promise.all(Array.from({ length: 8 }, () => ask(folder, late)))
    const taken = await ask(folder, late + dayMs)
    expect(new Set(both.map(thumbprintOf))).toEqual(new Set([nextThumbprint]))
    expect(thumbprintOf(taken)).toBe(nextThumbprint)
    expect(taken.warnings).toEqual([])
    expect(taken.applicationUri).toBe(first.applicationUri)
    expect(taken.keyPem()).toBe(first.keyPem())
    expect(await readdir(path.join(folder, 'own/certs'))).toEqual(['mapper.der'])
  })
  test('that has run out while nobody was there is replaced at once', async () => {
    const folder = await folderWithKey('slept')
    const first = await ask(folder)
    const late = first.chain[0].validTo + 400 * dayMs
    const renewed = await ask(folder, late)
    expect(thumbprintOf(renewed)).not.toBe(thumbprintOf(first))
    expect(renewed.chain[0].validTo).toBeGreaterThan(late + 1800 * dayMs)
  })
  test('has one file for each name of an application', async () => {
    const folder = await folderWithKey('names')
    const uris = [undefined, 'urn:a:b', 'urn:c:d']
    const made = []
    for (const uri of uris) made.push(await ask(folder, now, uri))
    expect(made.map(({ applicationUri }) => applicationUri).slice(1)).toEqual([
      'urn:a:b',
      'urn:c:d',
    ])
    expect(made.map(({ chain }) => chain[0].applicationUris[0]).slice(1)).toEqual(uris.slice(1))
    expect(new Set(made.map(({ file }) => file)).size).toBe(3)
  })
  test('is refused with a key that others can read, and with another key', async () => {
    const folder = await folderWithKey('careless')
    const made = await ask(folder)
    const key = path.join(folder, 'own/private/key.pem')
    await chmod(key, 0o640)
    await expect(ask(folder)).rejects.toMatchObject({
      code: 'access_denied',
      detail: expect.stringContaining(`(mode 0640); run: chmod 600 ${key}`) as string,
    })
    await chmod(key, 0o600)
    await writeFile(key, maker.pems[1] ?? '')
    await expect(ask(folder)).rejects.toMatchObject({
      code: 'invalid_config',
      detail: `${key} is not the key of ${made.file} (thumbprint ${thumbprintOf(made)})`,
    })
  })
})

test('a folder that cannot be written is an error with path, user and fix, never a crash', async () => {
  const folder = path.join(scratch, 'closed')
  await mkdir(folder, { mode: 0o555 })
  await chmod(scratch, 0o755)
  const program = `
    const { openPkiFolder } = await import(${at('pki/folder.js')})
    ${becomeSomebody}
    await openPkiFolder(${JSON.stringify(folder)}).catch((error) => process.stdout.write(error.message))`
  const { stdout } = await run(program)
  expect(stdout).toMatch(/^\[access_denied\] the PKI folder /)
  expect(stdout).toContain(folder)
  expect(stdout).toContain(
    `(user ${somebody}) (EACCES); let it, as in chown -R ${somebody} ${folder}`,
  )
  await expect(ask('/dev/null/pki')).rejects.toMatchObject({ code: 'access_denied' })
})

describe('files of the user', () => {
  let mine: Made
  let paths: { certificateFile: string; keyFile: string }
  const write = async (made: Made, key = made.keyPem) => {
    paths = {
      certificateFile: path.join(scratch, 'mine.pem'),
      keyFile: path.join(scratch, 'mine.key'),
    }
    await writeFile(paths.certificateFile, made.certificate.x509.toString())
    await rm(paths.keyFile, { force: true })
    await writeFile(paths.keyFile, key, { mode: 0o600 })
  }
  const read = (applicationUri?: string) => ownFiles(paths, { applicationUri, now })
  const detail = async (applicationUri?: string) => {
    const error: unknown = await read(applicationUri).then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    expect(error).toMatchObject({ code: 'invalid_config' })
    return (error as { detail: string }).detail
  }
  beforeAll(async () => void (mine = await maker.make({ name: 'mine' })))

  test('are read at each connect', async () => {
    await write(mine)
    expect(await read()).toMatchObject({ applicationUri: 'urn:test:mine', warnings: [] })
    const newer = await maker.make({ name: 'mine', to: 20.5 })
    await write(newer)
    const again = await read('urn:test:mine')
    expect(thumbprintOf(again)).toBe(newer.certificate.thumbprint)
    expect(again.warnings).toEqual([
      `certificateFile ${paths.certificateFile} (thumbprint ${thumbprintOf(again)}) expires on 2030-07-06, in 20 days; renew it`,
    ])
  })
  test('out of their time are refused with thumbprint and date', async () => {
    const old = await maker.make({ name: 'mine', to: -1 })
    await write(old)
    expect(await detail()).toBe(
      `certificateFile ${paths.certificateFile} (thumbprint ${old.certificate.thumbprint}) expired on 2030-06-14 (today is 2030-06-15 here); put a valid one in its place`,
    )
    await write(await maker.make({ name: 'mine', from: 5, to: 50 }))
    expect(await detail()).toContain('is valid only from 2030-06-20 on')
  })
  test('of another key, another application or none are refused', async () => {
    await write(mine, maker.pems[1])
    expect(await detail()).toContain(`keyFile ${paths.keyFile} is not the key of certificateFile`)
    await write(mine)
    expect(await detail('urn:other')).toContain(
      'names the application "urn:test:mine", but applicationUri is "urn:other"',
    )
    await write(await maker.make({ name: 'mine', uri: '' }))
    expect(await detail()).toContain('names no application')
  })
  test('that are no key name the file and not what is in it', async () => {
    await write(mine, 'a planted secret')
    expect(await detail()).toBe(`keyFile ${paths.keyFile} holds no private key (PEM)`)
    const lock = { cipher: 'aes-256-cbc', passphrase: 'planted' }
    const locked = maker.nodeKey(0).export({ type: 'pkcs8', format: 'pem', ...lock })
    await write(mine, locked.toString())
    expect(await detail()).toContain('is locked by a passphrase')
    await rm(paths.keyFile)
    expect(await detail()).toBe(`keyFile ${paths.keyFile} does not exist`)
    expect((await readFile(paths.certificateFile)).length).toBeGreaterThan(0)
  })
})
