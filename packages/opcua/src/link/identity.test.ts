import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { loadLibrary } from '../library.ts'
import { createMaker, now } from '../pki/certificates.suite.ts'
import { readIdentity, readPassword, type IdentityWishes } from './identity.ts'

let scratch: string
let maker: Awaited<ReturnType<typeof createMaker>>
beforeAll(async () => {
  maker = await createMaker(2)
  scratch = await mkdtemp(path.join(tmpdir(), 'opcua-identity-'))
})
afterAll(() => rm(scratch, { recursive: true, force: true }))

const fileOf = async (name: string, text: string, mode = 0o600) => {
  const file = path.join(scratch, name)
  await writeFile(file, text)
  await chmod(file, mode)
  return file
}
const identityOf = async (wishes: IdentityWishes) =>
  readIdentity(
    { securityPolicy: 'None', securityMode: 'auto', endpointAddress: 'written', ...wishes },
    await loadLibrary(),
    now,
  )

describe('a password', () => {
  test.each([
    ['planted', 'planted'],
    ['planted\n', 'planted'],
    ['planted\r\n', 'planted'],
    ['planted\n\n', 'planted\n'],
    [' planted \t', ' planted \t'],
    ['pässwörd', 'pässwörd'],
    ['', ''],
  ])('file with %j holds %j', async (text, expected) => {
    const file = await fileOf('password', text)
    expect(await readPassword({ passwordFile: file })).toBe(expected)
    expect(await readPassword({ password: file })).toBe(expected)
  })
  test('that begins with / and is no file is meant as it is', async () => {
    expect(await readPassword({ password: '/no/such/file' })).toBe('/no/such/file')
    expect(await readPassword({ password: 'open sesame\n' })).toBe('open sesame\n')
    expect(await readPassword({})).toBe('')
  })
  test('file that cannot be read is named', async () => {
    await expect(readPassword({ passwordFile: '/no/such/file' })).rejects.toMatchObject({
      code: 'invalid_config',
      detail: 'passwordFile /no/such/file does not exist',
    })
    await expect(readPassword({ password: scratch })).rejects.toMatchObject({
      detail: `password ${scratch} is no file`,
    })
    await expect(readPassword({ password: 'a', passwordFile: '/b' })).rejects.toMatchObject({
      detail: 'password and passwordFile are both set; keep one',
    })
  })
  test.each([
    ['a private key', '-----BEGIN PRIVATE KEY-----\nplanted\n-----END PRIVATE KEY-----\n'],
    ['a list of users', 'root:*:1:\nplanted:*:2:\n'],
    ['more than a server takes', `planted${'x'.repeat(4096)}`],
  ])('file that holds %s is not sent, and not quoted', async (_, text) => {
    const file = await fileOf('no-password', text)
    for (const wishes of [{ passwordFile: file }, { password: file }]) {
      const error: unknown = await readPassword(wishes).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({
        code: 'invalid_config',
        detail: expect.stringMatching(
          /^password(File)? \S+ holds no password: that is one line of at most 4096 bytes$/,
        ) as string,
      })
      expect(inspect(error, { depth: 9 })).not.toContain('planted')
    }
  })
  test('file is read only where a device may name one', async () => {
    const file = await fileOf('password', 'planted')
    const own = { ownFiles: [file] }
    for (const wishes of [{ passwordFile: file }, { password: file }]) {
      await expect(readPassword(wishes, own)).rejects.toThrow("is the mapper's own")
    }
    await expect(readPassword({ passwordFile: '/etc/kubeedge/x' })).rejects.toThrow('MAPPER_FILES')
    await expect(readPassword({ password: '/proc/self/environ' })).rejects.toThrow('MAPPER_FILES')
    vi.stubEnv('MAPPER_FILES', '/etc/mapper/devices')
    try {
      for (const wishes of [{ passwordFile: file }, { password: file }]) {
        await expect(readPassword(wishes)).rejects.toThrow('put it into /etc/mapper/devices')
      }
    } finally {
      vi.unstubAllEnvs()
    }
  })
})

describe('an identity', () => {
  test('is anonymous when nobody is named', async () => {
    expect(await identityOf({})).toEqual({ type: 0 })
  })
  test('of a user holds the password and does not show it', async () => {
    const identity = await identityOf({ userName: 'operator', password: 'planted-secret' })
    expect(identity).toMatchObject({ type: 1, userName: 'operator', password: 'planted-secret' })
    const shown = inspect({ identity }, { depth: 9 }) + JSON.stringify(identity)
    expect(shown).toContain('operator')
    expect(shown).not.toContain('planted')
  })
  test('of a user certificate holds the key and does not show it', async () => {
    const made = await maker.make({ name: 'operator' })
    const userKeyFile = await fileOf('user.key', made.keyPem)
    const secret = made.keyPem.split('\n')[3] ?? ''
    const pem = await fileOf('user.pem', made.certificate.x509.toString(), 0o644)
    const der = path.join(scratch, 'user.der')
    await writeFile(der, made.certificate.der)
    for (const userCertificateFile of [pem, der]) {
      const identity = await identityOf({ userCertificateFile, userKeyFile })
      expect(identity).toMatchObject({ type: 2, certificateData: made.certificate.der })
      expect(identity).toHaveProperty('keyOperations')
      expect(inspect(identity, { depth: 9 }) + JSON.stringify(identity)).not.toContain(secret)
    }
  })
  test('of a certificate that cannot be used names the file and not what is in it', async () => {
    const made = await maker.make({ name: 'operator' })
    const old = await maker.make({ name: 'operator', to: -1 })
    const certificate = await fileOf('c.pem', made.certificate.x509.toString())
    const oldCertificate = await fileOf('old.pem', old.certificate.x509.toString())
    const key = await fileOf('c.key', made.keyPem)
    const stranger = await fileOf('stranger.key', maker.pems[1] ?? '')
    const open = await fileOf('open.key', made.keyPem, 0o644)
    const text = await fileOf('text', 'planted-secret')
    const table: readonly [string, string, string][] = [
      [text, key, `userCertificateFile ${text} holds no certificate (PEM or DER)`],
      [certificate, text, `userKeyFile ${text} holds no private key (PEM)`],
      [certificate, stranger, `userKeyFile ${stranger} is not the key of userCertificateFile`],
      [certificate, open, `run: chmod 600 ${open}`],
      [oldCertificate, key, 'expired on 2030-06-14'],
      ['/none.pem', key, 'userCertificateFile /none.pem does not exist'],
    ]
    for (const [userCertificateFile, userKeyFile, expected] of table) {
      const error: unknown = await identityOf({ userCertificateFile, userKeyFile }).catch(
        (thrown: unknown) => thrown,
      )
      expect(error).toMatchObject({ detail: expect.stringContaining(expected) as string })
      expect(inspect(error, { depth: 9 })).not.toContain('planted')
    }
  })
})
