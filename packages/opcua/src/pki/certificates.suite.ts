import { createPrivateKey, createPublicKey, type KeyObject, type webcrypto } from 'node:crypto'
import { loadLibrary } from '../library.ts'
import { parseCertificates, type Certificate } from './certificate.ts'
import { makeKey } from './make-certificate.ts'

const dayMs = 86_400_000

/** The moment at which these tests play. */
export const now = Date.parse('2030-06-15T12:00:00Z')

export interface Made {
  readonly certificate: Certificate
  readonly key: KeyObject
  readonly keyPem: string
}

export interface Wish {
  readonly name: string
  /** Left out: the name of an application of its own. Empty: none. */
  readonly uri?: string
  readonly hosts?: readonly string[]
  /** Days from `now`. */
  readonly from?: number
  readonly to?: number
  readonly keyPem?: string
  /** Who signs it; left out: itself. */
  readonly by?: Made
  readonly authority?: boolean
  readonly serial?: string
}

/** Keys take long to make: a test file says how many it needs. Authorities have the second one. */
export async function createMaker(keys = 1) {
  const { crypto_utils: crypto } = await loadLibrary()
  const pems = await Promise.all(Array.from({ length: keys }, makeKey))
  const nodeKey = (index: number) => createPrivateKey(pems[index] ?? '')

  const webKey = async (pem: string) => (await crypto.pemToPrivateKey(pem)) as webcrypto.CryptoKey
  const signed = {
    signingAlgorithm: { name: 'RSASSA-PKCS1-v1_5', hash: { name: 'SHA-256' } },
  } as const

  async function make(wish: Wish): Promise<Made> {
    const keyPem = wish.keyPem ?? pems[wish.authority === true ? 1 : 0] ?? ''
    const { name, hosts = ['plc-7'], from = -100, to = 1000, by } = wish
    const uri = wish.uri ?? `urn:test:${name}`
    const common = {
      notBefore: new Date(now + from * dayMs),
      notAfter: new Date(now + to * dayMs),
      purpose:
        wish.authority === true
          ? crypto.CertificatePurpose.ForCertificateAuthority
          : crypto.CertificatePurpose.ForApplication,
      ...(wish.authority !== true && {
        dns: [...hosts],
        ...(uri !== '' && { applicationUri: uri }),
      }),
    }
    const subject = `/O=Plant/CN=${name}`
    const privateKey = await webKey(keyPem)
    if (by === undefined) {
      const { cert } = await crypto.createSelfSignedCertificate({ ...common, privateKey, subject })
      return { certificate: parse(cert), key: createPrivateKey(keyPem), keyPem }
    }
    const { csr } = await crypto.createCertificateSigningRequest({ ...common, privateKey, subject })
    const { cert } = await crypto.createCertificateFromCsr({
      ...common,
      ...signed,
      csr,
      issuerName: issuerOf(by),
      issuerPublicKey: publicKeyOf(by),
      signingKey: await webKey(by.keyPem),
      ...(wish.serial !== undefined && { serialNumber: wish.serial }),
    })
    return { certificate: parse(cert), key: createPrivateKey(keyPem), keyPem }
  }

  /** A revocation list of `by` that names these serial numbers. */
  async function revoke(by: Made, serials: readonly string[], nextInDays = 30): Promise<Buffer> {
    const { der } = await crypto.createCrl({
      ...signed,
      issuerName: issuerOf(by),
      issuerPublicKey: publicKeyOf(by),
      signingKey: await webKey(by.keyPem),
      crlNumber: 1,
      thisUpdate: new Date(now - 50 * dayMs),
      nextUpdate: new Date(now + nextInDays * dayMs),
      entries: serials.map((serialNumber) => ({
        serialNumber,
        revocationDate: new Date(now - 60 * dayMs),
      })),
    })
    return Buffer.from(der)
  }
  return { make, revoke, crypto, pems, nodeKey }
}

const parse = (cert: string): Certificate => parseCertificates(Buffer.from(cert), 'made')[0]

/** `O=Plant, CN=name` is what the maker of certificates reads. */
const issuerOf = ({ certificate }: Made): string => certificate.x509.subject.replaceAll('\n', ', ')

const publicKeyOf = ({ key }: Made) => createPublicKey(key).export({ type: 'spki', format: 'der' })
