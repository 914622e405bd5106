import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createMaker, now, type Made } from './certificates.suite.ts'
import { findCertificate } from './find-certificate.ts'
import { openPkiFolder, type PkiFolder } from './folder.ts'
import { judgeServer } from './judge-server.ts'
import { listCertificates, reject, trust, untrust } from './trust-list.ts'

let maker: Awaited<ReturnType<typeof createMaker>>
let plc: Made
let other: Made
beforeAll(async () => {
  maker = await createMaker()
  plc = await maker.make({ name: 'PLC 7' })
  other = await maker.make({ name: '../../etc' })
})

let root: string
let folder: PkiFolder
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'opcua-trust-'))
  folder = await openPkiFolder(root)
})
afterEach(() => rm(root, { recursive: true, force: true }))

const rooms = async () =>
  (await listCertificates(root)).map(({ room, certificate }) => [room, certificate?.thumbprint])
const judge = (made: Made, serverCertificateFile?: string) =>
  judgeServer(made.certificate.der, {
    folder: root,
    serverCertificateFile,
    context: { now, policy: 'Basic256Sha256' },
    crypto: maker.crypto,
  })

describe('a certificate that nobody trusts', () => {
  test('is refused with subject, thumbprints and the one command, and that command helps', async () => {
    const { thumbprint, sha256 } = plc.certificate
    const { refusal } = await judge(plc)
    expect(refusal).toMatchObject({
      status: 'BadCertificateUntrusted',
      error: {
        code: 'access_denied',
        detail:
          `the server's certificate "O=Plant, CN=PLC 7" (thumbprint ${thumbprint}, SHA-256 ${sha256}) is not trusted; ` +
          `it was put into ${root}/rejected; compare the thumbprint with the one that the server shows, ` +
          `then run: mapper opcua trust ${thumbprint} --pki ${root}`,
      },
    })
    expect(await readdir(folder.rejected)).toEqual([`PLC 7 [${thumbprint}].der`])
    expect((await trust(root, thumbprint)).thumbprint).toBe(thumbprint)
    expect(await judge(plc)).toEqual({ warnings: [] })
    expect(await rooms()).toEqual([['trusted', thumbprint]])
  })
  test('is kept once, under a harmless name', async () => {
    await judge(other)
    await judge(other)
    expect(await readdir(folder.rejected)).toEqual([
      `______etc [${other.certificate.thumbprint}].der`,
    ])
  })
  test('is accepted if it is the one of serverCertificateFile, and no other is', async () => {
    const file = path.join(root, 'plc.pem')
    await writeFile(file, plc.certificate.x509.toString())
    expect(await judge(plc, file)).toEqual({ warnings: [] })
    expect((await judge(other, file)).refusal?.status).toBe('BadCertificateUntrusted')
    await expect(judge(plc, '/nowhere.pem')).rejects.toMatchObject({
      code: 'invalid_config',
      detail: 'serverCertificateFile /nowhere.pem does not exist',
    })
  })
  test('is refused even if it cannot be kept', async () => {
    const { refusal } = await judgeServer(plc.certificate.der, {
      folder: '/proc/pki',
      context: { now, policy: 'Basic256Sha256' },
      crypto: maker.crypto,
    })
    expect(refusal?.error.detail).toMatch(
      /is not trusted; it could not be kept, because the PKI folder \/proc\/pki cannot be made/,
    )
  })
})

describe('trust', () => {
  test('takes a clear beginning with or without colons, in any case, of either thumbprint', async () => {
    const { thumbprint, sha256 } = plc.certificate
    const colons = thumbprint
      .slice(0, 8)
      .replaceAll(/(..)(?=.)/g, '$1:')
      .toLowerCase()
    for (const asked of [thumbprint.slice(0, 6), colons, sha256.slice(0, 10)]) {
      await reject(folder.rejected, plc.certificate)
      await reject(folder.rejected, other.certificate)
      await trust(root, asked)
      expect(await rooms()).toEqual(
        expect.arrayContaining([
          ['trusted', thumbprint],
          ['rejected', other.certificate.thumbprint],
        ]),
      )
      await untrust(root, thumbprint)
    }
    // Once more is no mistake.
    await trust(root, thumbprint)
    await trust(root, thumbprint)
  })
  test('takes a file', async () => {
    const file = path.join(root, 'plc.crt')
    await writeFile(file, plc.certificate.x509.toString())
    await trust(root, file)
    expect(await judge(plc)).toEqual({ warnings: [] })
    await expect(trust(root, './nothing.der')).rejects.toMatchObject({ code: 'invalid_config' })
  })
  test('refuses what it does not know and what is not clear', async () => {
    await reject(folder.rejected, plc.certificate)
    await expect(trust(root, 'DEADBEEF00')).rejects.toThrow('no rejected or trusted certificate')
    for (const asked of ['', 'abc', 'plc seven']) {
      await expect(trust(root, asked)).rejects.toThrow('is no thumbprint')
    }
  })
  test('does not choose between two whose thumbprints begin alike', () => {
    const stored = ['ABCD01', 'ABCD02'].map((thumbprint, index) => ({
      room: 'rejected' as const,
      file: `/pki/${index}.der`,
      certificate: { ...plc.certificate, thumbprint, sha256: '' },
    }))
    expect(() => findCertificate(stored, 'ab:cd', ['rejected'])).toThrow(
      /^\[invalid_config\] ABCD is the beginning of several thumbprints: .*ABCD01.*; .*ABCD02/,
    )
    expect(findCertificate(stored, 'abcd02', ['rejected']).file).toBe('/pki/1.der')
    expect(() => findCertificate(stored, 'abcd', ['trusted'])).toThrow('no trusted certificate')
  })
})

test('untrust takes every copy away, whatever it is called', async () => {
  await judge(plc)
  await trust(root, plc.certificate.thumbprint)
  await writeFile(path.join(folder.trusted, 'boiler.pem'), plc.certificate.x509.toString())
  await untrust(root, plc.certificate.thumbprint.slice(0, 8))
  expect((await judge(plc)).refusal?.status).toBe('BadCertificateUntrusted')
  expect(await readdir(folder.trusted)).toEqual([])
})

test('of the rejected ones the newest 100 stay', async () => {
  for (let index = 0; index < 100; index++) {
    const file = path.join(folder.rejected, `old ${index}.der`)
    await writeFile(file, 'old')
    await utimes(file, 1000 + index, 1000 + index)
  }
  await reject(folder.rejected, plc.certificate)
  await reject(folder.rejected, other.certificate)
  const files = await readdir(folder.rejected)
  expect(files).toHaveLength(100)
  expect(files).toContain(`PLC 7 [${plc.certificate.thumbprint}].der`)
  expect(files).toContain(`______etc [${other.certificate.thumbprint}].der`)
  expect(files).not.toContain('old 0.der')
  expect(files).not.toContain('old 1.der')
})

test('a file that is no certificate is listed with its problem and said at each judgement', async () => {
  const file = path.join(folder.trusted, 'notes.txt')
  await writeFile(file, 'hello')
  const problem = `${file} holds no certificate (PEM or DER)`
  expect(await listCertificates(root)).toEqual([{ room: 'trusted', file, problem }])
  await writeFile(path.join(folder.trusted, 'plc.der'), plc.certificate.der)
  expect(await judge(plc)).toEqual({ warnings: [problem] })
})

test('a revocation list in trusted/crl counts, PEM or DER, until it is taken away', async () => {
  const authority = await maker.make({ name: 'authority', authority: true, keyPem: plc.keyPem })
  const signed = await maker.make({ name: 'signed', by: authority, serial: '00c0ffee' })
  await writeFile(path.join(folder.trusted, 'authority.der'), authority.certificate.der)
  expect((await judge(signed)).refusal).toBeUndefined()
  const list = await maker.revoke(authority, ['00c0ffee'])
  const lines = list.toString('base64').replaceAll(/.{64}/g, '$&\n')
  const pem = `-----BEGIN X509 CRL-----\n${lines}\n-----END X509 CRL-----\n`
  for (const [name, bytes] of [['a.crl', list] as const, ['a.pem', Buffer.from(pem)] as const]) {
    const file = path.join(folder.trustedRevocations, name)
    await writeFile(file, bytes)
    expect((await judge(signed)).refusal?.status).toBe('BadCertificateRevoked')
    await rm(file)
  }
  expect((await judge(signed)).refusal).toBeUndefined()
})
