import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { namesOf } from './alternative-names.ts'
import { dayOf, parseCertificates } from './certificate.ts'
import { createMaker, now, type Made } from './certificates.suite.ts'

let single: Made
let other: Made
beforeAll(async () => {
  const maker = await createMaker()
  single = await maker.make({ name: 'single', hosts: ['plc-7', 'plc.example'] })
  other = await maker.make({ name: 'other' })
})

const pem = ({ certificate }: Made) => certificate.x509.toString()

describe('parseCertificates', () => {
  test('reads what people compare and what is checked', () => {
    const [certificate] = parseCertificates(single.certificate.der, 'a file')
    expect(certificate).toMatchObject({
      subject: 'O=Plant, CN=single',
      issuer: 'O=Plant, CN=single',
      applicationUris: ['urn:test:single'],
      hosts: ['plc-7', 'plc.example'],
      validFrom: now - 100 * 86_400_000,
      validTo: now + 1000 * 86_400_000,
    })
    expect(certificate.thumbprint).toMatch(/^[0-9A-F]{40}$/)
    expect(certificate.sha256).toMatch(/^[0-9A-F]{64}$/)
    expect(dayOf(certificate.validTo)).toBe('2033-03-11')
  })
  test('reads PEM and DER alike, one or a chain, also among other text', () => {
    const { der } = single.certificate
    const thumbprints = (bytes: Buffer) =>
      parseCertificates(bytes, 'a file').map(({ thumbprint }) => thumbprint)
    const both = [single.certificate.thumbprint, other.certificate.thumbprint]
    expect(thumbprints(der)).toEqual(both.slice(0, 1))
    expect(thumbprints(Buffer.concat([der, other.certificate.der]))).toEqual(both)
    expect(thumbprints(Buffer.from(`# mine\r\n${pem(single)}\n${pem(other)}`))).toEqual(both)
  })
  test('refuses all else with invalid_config and the name of the place', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 200 }),
          fc.nat(900).map((length) => single.certificate.der.subarray(0, length)),
          fc.string().map((text) => Buffer.from(text)),
        ),
        (bytes) => {
          expect(() => parseCertificates(bytes, 'file /x')).toThrow(
            expect.objectContaining({
              code: 'invalid_config',
              detail: expect.stringContaining('file /x') as string,
            }),
          )
        },
      ),
    )
  })
  test('does not take a cut-off certificate after a whole one for nothing', () => {
    const cut = Buffer.concat([single.certificate.der, other.certificate.der.subarray(0, 300)])
    expect(() => parseCertificates(cut, 'a file')).toThrow('no readable certificate')
  })
})

test('no name of a certificate passes for two', () => {
  const plain = fc.stringMatching(/^[a-z0-9.:-]{1,12}$/)
  const value = fc.oneof(plain, fc.string({ minLength: 1, maxLength: 12 }))
  const name = fc.record({ kind: fc.constantFrom('DNS', 'URI', 'IP Address'), value })
  fc.assert(
    fc.property(fc.array(name), (names) => {
      const line = names.map(({ kind, value: text }) => {
        const quoted = /[",\\]/.test(text) || /[^ -~]/.test(text) || text.trim() !== text
        return `${kind}:${quoted ? JSON.stringify(text) : text}`
      })
      expect(namesOf(line.join(', '))).toEqual(names)
    }),
  )
})
