import { MapperError } from '@mapper-sdk/core'
import { describeCertificate, type Certificate } from './certificate.ts'

export type CertificateRoom = 'own' | 'trusted' | 'rejected' | 'issuers'

/** A certificate in a PKI folder, or a file there that holds none. */
export interface StoredCertificate {
  readonly room: CertificateRoom
  readonly file: string
  readonly certificate?: Certificate
  /** Why there is no certificate. */
  readonly problem?: string
}

/**
 * The one certificate of these rooms whose thumbprint, SHA-1 or SHA-256, begins like this, with or without
 * colons. Pure. Throws `invalid_config` if there is none or more than one.
 */
export function findCertificate(
  stored: readonly StoredCertificate[],
  asked: string,
  rooms: readonly CertificateRoom[],
): { readonly certificate: Certificate; readonly file: string } {
  const start = asked.replaceAll(/[\s:]/g, '').toUpperCase()
  if (!/^[0-9A-F]{4,64}$/.test(start)) {
    throw new MapperError(
      'invalid_config',
      `"${asked}" is no thumbprint: give at least its first 4 hex digits, or the path of a certificate`,
    )
  }
  const found = new Map<string, { certificate: Certificate; file: string }>()
  for (const { room, certificate, file } of stored) {
    if (certificate === undefined || !rooms.includes(room)) continue
    const matches = certificate.thumbprint.startsWith(start) || certificate.sha256.startsWith(start)
    if (matches && !found.has(certificate.thumbprint)) {
      found.set(certificate.thumbprint, { certificate, file })
    }
  }
  const [first, second] = found.values()
  if (first === undefined) {
    throw new MapperError(
      'invalid_config',
      `no ${rooms.join(' or ')} certificate has a thumbprint that begins with ${start}; ` +
        'a server must have been refused once for its certificate to be here',
    )
  }
  if (second !== undefined) {
    const names = [...found.values()].map(({ certificate }) => describeCertificate(certificate))
    const detail = `${start} is the beginning of several thumbprints: ${names.join('; ')}`
    throw new MapperError('invalid_config', detail)
  }
  return first
}
