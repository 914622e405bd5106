import { createPrivateKey } from 'node:crypto'
import { hostname } from 'node:os'
import type { Library } from '../library.ts'
import { parseCertificates } from './certificate.ts'
import { makeCertificate, makeKey } from './make-certificate.ts'
import { defaultApplicationUri, own, type OwnCertificate } from './own-certificate.ts'

/** Kept as long as the library is: a key takes 0.2 s, and a hundred devices may reconnect at once. */
const made = new WeakMap<Library['crypto_utils'], Map<string, Promise<OwnCertificate>>>()

/**
 * A certificate for connections without security. The library wants one, and servers read the name of
 * the application in it; it proves nothing, so it lives in memory and no folder is needed.
 */
export function passingCertificate(
  crypto: Library['crypto_utils'],
  applicationUri = defaultApplicationUri(),
): Promise<OwnCertificate> {
  const known = made.get(crypto) ?? new Map<string, Promise<OwnCertificate>>()
  made.set(crypto, known)
  const found = known.get(applicationUri) ?? makePassing(crypto, applicationUri)
  known.set(applicationUri, found)
  found.catch(() => known.delete(applicationUri))
  return found
}

async function makePassing(
  crypto: Library['crypto_utils'],
  applicationUri: string,
): Promise<OwnCertificate> {
  const key = createPrivateKey(await makeKey())
  const now = Date.now()
  const der = await makeCertificate({ key, applicationUri, host: hostname(), now, crypto })
  const [certificate] = parseCertificates(der, 'a new certificate')
  return own(certificate, key, applicationUri, undefined, [])
}
