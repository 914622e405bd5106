import { beforeAll, describe, expect, test } from 'vitest'
import { generateKeyPairSync } from 'node:crypto'
import { parseCertificates, type Certificate } from './certificate.ts'
import { createMaker, now, type Made } from './certificates.suite.ts'
import { judgeCertificate, type JudgeContext, type TrustLists } from './judge-certificate.ts'

let maker: Awaited<ReturnType<typeof createMaker>>
let root: Made
let signed: Made
let single: Made
beforeAll(async () => {
  maker = await createMaker(3)
  root = await maker.make({ name: 'root', authority: true })
  signed = await maker.make({ name: 'signed', by: root, serial: '0badcafe' })
  single = await maker.make({ name: 'single' })
})

const context: JudgeContext = {
  now,
  policy: 'Basic256Sha256',
  applicationUri: 'urn:test:single',
  host: 'plc-7',
}
const lists = (own: Partial<TrustLists>): TrustLists => ({
  trusted: [],
  issuers: [],
  revocations: [],
  ...own,
})
const judge = (
  { certificate }: Made,
  own: Partial<TrustLists>,
  also: Partial<JudgeContext> = {},
  sent: readonly Certificate[] = [],
) => judgeCertificate(certificate, sent, lists(own), { ...context, ...also }, maker.crypto)
const statusOf = (...all: Parameters<typeof judge>) => judge(...all).refusal?.status

describe('a certificate that signed itself', () => {
  test('is accepted when it is trusted, without a word', () => {
    expect(judge(single, { trusted: [single.certificate] })).toEqual({ warnings: [] })
  })
  test('is refused when nobody trusts it, also when it is among the issuers', () => {
    expect(judge(single, {}).refusal).toEqual({
      status: 'BadCertificateUntrusted',
      reason: 'is not trusted',
    })
    expect(statusOf(single, { issuers: [single.certificate] })).toBe('BadCertificateUntrusted')
  })
  test('is refused out of its time, with the date', async () => {
    const old = await maker.make({ name: 'single', from: -100, to: -1 })
    const early = await maker.make({ name: 'single', from: 2, to: 100 })
    expect(judge(old, { trusted: [old.certificate] }).refusal).toEqual({
      status: 'BadCertificateTimeInvalid',
      reason: 'expired on 2030-06-14 (today is 2030-06-15 here)',
    })
    expect(judge(early, { trusted: [early.certificate] }).refusal).toEqual({
      status: 'BadCertificateTimeInvalid',
      reason: 'is valid only from 2030-06-17 on (today is 2030-06-15 here)',
    })
  })
  test('brings a warning in its last 30 days, and none before', async () => {
    const soon = await maker.make({ name: 'single', to: 29.5 })
    const later = await maker.make({ name: 'single', to: 30.5 })
    expect(judge(soon, { trusted: [soon.certificate] }).warnings).toEqual([
      'expires on 2030-07-15, in 29 days; renew it at the server',
    ])
    expect(judge(later, { trusted: [later.certificate] }).warnings).toEqual([])
  })
  test('that another key signed is forged', async () => {
    const other = await maker.make({ name: 'single', keyPem: maker.pems[2] ?? '' })
    // The name of the one with the signature of the other.
    const der = Buffer.from(single.certificate.der)
    other.certificate.der.copy(der, der.length - 256, other.certificate.der.length - 256)
    const forged = parse(der)
    expect(statusOf({ ...single, certificate: forged }, { trusted: [forged] })).toBe(
      'BadCertificateInvalid',
    )
  })
  test('names another application: a warning if a person trusted it', () => {
    expect(judge(single, { trusted: [single.certificate] }, { applicationUri: 'urn:x' })).toEqual({
      warnings: ['names "urn:test:single", but the server calls itself "urn:x"'],
    })
  })
  test('names another host: a warning', () => {
    expect(judge(single, { trusted: [single.certificate] }, { host: '192.0.2.1' })).toEqual({
      warnings: ['does not name the host 192.0.2.1 (it names plc-7)'],
    })
    expect(judge(single, { trusted: [single.certificate] }, { host: 'PLC-7' }).warnings).toEqual([])
  })
  test('with a short key is refused for the policies that need a long one', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
    const keyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const short = await maker.make({ name: 'single', keyPem })
    const own = { trusted: [short.certificate] }
    expect(judge(short, own).refusal).toEqual({
      status: 'BadCertificatePolicyCheckFailed',
      reason: 'has a key of 1024 bits, but Basic256Sha256 needs 2048 at least',
    })
    expect(judge(short, own, { policy: 'Basic256' })).toEqual({ warnings: [] })
  })
})

describe('a certificate that an authority signed', () => {
  const uri = { applicationUri: 'urn:test:signed' }
  const empty = () => maker.revoke(root, [])

  test('is accepted when the authority is trusted', async () => {
    const own = { trusted: [root.certificate], revocations: [await empty()] }
    expect(judge(signed, own, uri)).toEqual({ warnings: [] })
  })
  test('is refused when the authority is only known', () => {
    expect(judge(signed, { issuers: [root.certificate] }, uri).refusal).toEqual({
      status: 'BadCertificateUntrusted',
      reason: 'is not trusted, and neither is who signed it',
    })
  })
  test('is refused when only the server brings the authority', () => {
    expect(statusOf(signed, {}, uri, [root.certificate])).toBe('BadCertificateUntrusted')
  })
  test('is accepted when it is trusted itself and the authority is known', async () => {
    const own = {
      trusted: [signed.certificate],
      issuers: [root.certificate],
      revocations: [await empty()],
    }
    expect(judge(signed, own, uri)).toEqual({ warnings: [] })
  })
  test('is accepted with a warning when a person trusted it and the authority is unknown', () => {
    expect(judge(signed, { trusted: [signed.certificate] }, uri)).toEqual({
      warnings: [
        'is signed by "O=Plant, CN=root", whose certificate is not in issuers/certs, so that nobody can tell whether it was revoked',
      ],
    })
  })
  test('is refused once it is revoked, even if a person trusted it', async () => {
    const revocations = [await maker.revoke(root, ['0badcafe'])]
    for (const trusted of [[root.certificate], [signed.certificate, root.certificate]]) {
      expect(judge(signed, { trusted, revocations }, uri).refusal).toEqual({
        status: 'BadCertificateRevoked',
        reason: 'was revoked on 2030-04-16 by "O=Plant, CN=root"',
      })
    }
  })
  test('is not revoked by a list of a stranger of the same name', async () => {
    const stranger = await maker.make({
      name: 'root',
      authority: true,
      keyPem: maker.pems[2] ?? '',
    })
    const revocations = [await maker.revoke(stranger, ['0badcafe']), await empty()]
    expect(judge(signed, { trusted: [root.certificate], revocations }, uri)).toEqual({
      warnings: [],
    })
  })
  test('brings a warning without a revocation list, or with an old one', async () => {
    const trusted = [root.certificate]
    expect(judge(signed, { trusted }, uri).warnings).toEqual([
      'may have been revoked: there is no revocation list of "O=Plant, CN=root" in issuers/crl or trusted/crl',
    ])
    const old = [await maker.revoke(root, [], -2)]
    expect(judge(signed, { trusted, revocations: old }, uri).warnings).toEqual([
      'may have been revoked: the revocation list of "O=Plant, CN=root" is out of date since 2030-06-13',
    ])
  })
  test('of another application is refused', () => {
    expect(statusOf(signed, { trusted: [root.certificate] }, { applicationUri: 'urn:x' })).toBe(
      'BadCertificateUriInvalid',
    )
  })
  test('is refused when the authority has expired, or is none', async () => {
    const old = await maker.make({ name: 'old', authority: true, to: -1 })
    const byOld = await maker.make({ name: 'signed', by: old })
    expect(statusOf(byOld, { trusted: [old.certificate] }, uri)).toBe(
      'BadCertificateIssuerTimeInvalid',
    )
    const byNone = await maker.make({ name: 'signed', by: single })
    expect(statusOf(byNone, { trusted: [single.certificate] }, uri)).toBe(
      'BadCertificateIssuerUseNotAllowed',
    )
  })
  test('over one in between needs that one', async () => {
    const middle = await maker.make({
      name: 'middle',
      authority: true,
      by: root,
      keyPem: maker.pems[2] ?? '',
    })
    const leaf = await maker.make({ name: 'signed', by: middle })
    const own = {
      trusted: [root.certificate],
      revocations: [await empty(), await maker.revoke(middle, [])],
    }
    expect(statusOf(leaf, own, uri)).toBe('BadCertificateUntrusted')
    expect(judge(leaf, own, uri, [middle.certificate])).toEqual({ warnings: [] })
    expect(judge(leaf, { ...own, issuers: [middle.certificate] }, uri)).toEqual({ warnings: [] })
    const halfWay = { trusted: [middle.certificate] }
    expect(statusOf(leaf, halfWay, uri)).toBe('BadCertificateChainIncomplete')
  })
})

function parse(der: Buffer): Certificate {
  return parseCertificates(der, 'a test')[0]
}
