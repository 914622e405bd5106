import type { Library } from '../library.ts'
import { dayOf, type Certificate } from './certificate.ts'

export interface Revocation {
  readonly revoked?: string
  readonly warnings: readonly string[]
}

/**
 * Looks up each certificate of a chain, leaf first, in the lists of the one that signed it. Pure.
 * A list that is missing or out of date is a warning: most plants have none, and to stop them all
 * would only teach people to turn security off.
 */
export function revocationOf(
  chain: readonly Certificate[],
  lists: readonly Buffer[],
  now: number,
  crypto: Library['crypto_utils'],
): Revocation {
  const warnings: string[] = []
  for (const [index, certificate] of chain.entries()) {
    const issuer = chain[index + 1]
    if (issuer === undefined) break
    const own = lists.filter((list) => issued(list, issuer, crypto))
    if (own.length === 0) {
      warnings.push(
        `may have been revoked: there is no revocation list of "${issuer.subject}" in issuers/crl or trusted/crl`,
      )
    }
    let newest = -Infinity
    for (const list of own) {
      const { revokedCertificates, nextUpdate } =
        crypto.exploreCertificateRevocationList(list).tbsCertList
      newest = Math.max(newest, nextUpdate?.getTime() ?? Infinity)
      const entry = revokedCertificates.find(
        ({ userCertificate }) =>
          serialOf(userCertificate) === serialOf(certificate.x509.serialNumber),
      )
      if (entry === undefined) continue
      const who = index === 0 ? 'was revoked' : `is signed by "${certificate.subject}", revoked`
      return {
        revoked: `${who} on ${dayOf(entry.revocationDate.getTime())} by "${issuer.subject}"`,
        warnings,
      }
    }
    if (own.length > 0 && newest < now) {
      warnings.push(
        `may have been revoked: the revocation list of "${issuer.subject}" is out of date since ${dayOf(newest)}`,
      )
    }
  }
  return { warnings }
}

function issued(list: Buffer, issuer: Certificate, crypto: Library['crypto_utils']): boolean {
  try {
    return crypto.verifyCrlIssuedByCertificate(list, issuer.der)
  } catch {
    return false
  }
}

/** Leading zeros come and go between readers of the same number. */
const serialOf = (text: string): string =>
  text
    .replaceAll(':', '')
    .toUpperCase()
    .replace(/^0+(?=.)/, '')
