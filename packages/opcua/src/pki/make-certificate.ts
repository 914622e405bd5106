import { generateKeyPair, type KeyObject, type webcrypto } from 'node:crypto'
import { promisify } from 'node:util'
import type { Library } from '../library.ts'
import { parseCertificates } from './certificate.ts'

const dayMs = 86_400_000
/**
 * Five years: each renewal costs a visit to each server, and a key of 2048 bits is held good for longer.
 * It begins a day early for servers whose clock is behind.
 */
const validDays = 5 * 365

/** A new private key (RSA, 2048 bits) in PEM form. 2048 is what every policy and every small server takes. */
export async function makeKey(): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** A certificate for an application that is signed by its own key, in DER form. */
export async function makeCertificate(options: {
  readonly key: KeyObject
  readonly applicationUri: string
  readonly host: string
  readonly now: number
  readonly crypto: Library['crypto_utils']
}): Promise<Buffer> {
  const { key, applicationUri, now, crypto } = options
  const host = options.host.replaceAll(/[^A-Za-z0-9.-]/g, '-').slice(0, 60)
  const pem = key.export({ type: 'pkcs8', format: 'pem' }).toString()
  const privateKey = (await crypto.pemToPrivateKey(pem)) as webcrypto.CryptoKey
  const { cert } = await crypto.createSelfSignedCertificate({
    privateKey,
    applicationUri,
    subject: `/O=KubeEdge/CN=kubeedge-mapper@${host}`.slice(0, 80),
    dns: [host],
    notBefore: new Date(now - dayMs),
    notAfter: new Date(now + validDays * dayMs),
    purpose: crypto.CertificatePurpose.ForApplication,
  })
  return parseCertificates(Buffer.from(cert), 'a new certificate')[0].der
}
