import { X509Certificate } from 'node:crypto'
import { MapperError } from '@mapper-sdk/core'
import { namesOf } from './alternative-names.ts'

/** What is asked of an X.509 certificate here. */
export interface Certificate {
  readonly der: Buffer
  readonly x509: X509Certificate
  /** On one line, as in `O=Plant, CN=Boiler`. */
  readonly subject: string
  readonly issuer: string
  /** SHA-1 over the DER form in capital hex digits: what OPC UA calls the thumbprint. */
  readonly thumbprint: string
  readonly sha256: string
  /** In ms since 1970, both included. */
  readonly validFrom: number
  readonly validTo: number
  readonly applicationUris: readonly string[]
  /** DNS names and addresses. */
  readonly hosts: readonly string[]
}

/** The certificates of a PEM or DER file or message, the first one is its own. Throws `invalid_config`. */
export function parseCertificates(
  bytes: Uint8Array,
  where: string,
): readonly [Certificate, ...Certificate[]] {
  try {
    const [own, ...chain] = splitCertificates(Buffer.from(bytes)).map(certificateOf)
    if (own !== undefined) return [own, ...chain]
  } catch (thrown) {
    throw new MapperError('invalid_config', `${where} holds no readable certificate`, {
      cause: thrown,
    })
  }
  throw new MapperError('invalid_config', `${where} holds no certificate (PEM or DER)`)
}

const pemBlock = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]+-----END [A-Z0-9 ]+-----/g

function splitCertificates(bytes: Buffer): readonly Buffer[] {
  // A DER certificate is a SEQUENCE with a long length; PEM is text.
  if (bytes[0] !== 0x30) {
    const blocks = bytes.toString('latin1').match(pemBlock) ?? []
    return blocks.map((block) => new X509Certificate(block).raw)
  }
  const parts: Buffer[] = []
  let rest = bytes
  while (rest.length > 0) {
    const end = endOfSequence(rest)
    parts.push(rest.subarray(0, end))
    rest = rest.subarray(end)
  }
  return parts
}

function endOfSequence(bytes: Buffer): number {
  const first = bytes[1] ?? 0
  const digits = first < 0x80 ? 0 : first & 0x7f
  if (bytes[0] !== 0x30 || digits > 4 || bytes.length < 2 + digits) throw new Error('is no DER')
  const end = 2 + digits + (digits === 0 ? first : bytes.readUIntBE(2, digits))
  if (end > bytes.length) throw new Error('is cut off')
  return end
}

function certificateOf(der: Buffer): Certificate {
  const x509 = new X509Certificate(der)
  const names = namesOf(x509.subjectAltName ?? '')
  return {
    der: x509.raw,
    x509,
    subject: onOneLine(x509.subject),
    issuer: onOneLine(x509.issuer),
    thumbprint: x509.fingerprint.replaceAll(':', ''),
    sha256: x509.fingerprint256.replaceAll(':', ''),
    validFrom: Date.parse(x509.validFrom),
    validTo: Date.parse(x509.validTo),
    applicationUris: names.filter(({ kind }) => kind === 'URI').map(({ value }) => value),
    hosts: names
      .filter(({ kind }) => kind === 'DNS' || kind === 'IP Address')
      .map(({ value }) => value),
  }
}

/** A stranger writes the subject of a certificate: it stays one short printable line. */
function onOneLine(name: string | undefined): string {
  const line = (name ?? '')
    .replaceAll('\n', ', ')
    .replaceAll(/[^\x20-\x7e\u00a0-\u{10ffff}]/gu, '?')
  return line.length > 200 ? `${line.slice(0, 199)}…` : line
}

export const isSelfSigned = ({ x509 }: Certificate): boolean =>
  x509.subject === x509.issuer && x509.verify(x509.publicKey)

/** `2031-05-04`: days are what people plan with. */
export const dayOf = (ms: number): string =>
  Number.isFinite(ms) ? new Date(ms).toISOString().slice(0, 10) : 'an unreadable date'

export const daysLeft = (until: number, now: number): number =>
  Math.floor((until - now) / 86_400_000)

/** How a certificate is named in messages: what a person compares with what the server shows. */
export const describeCertificate = (certificate: Certificate): string =>
  `"${certificate.subject}" (thumbprint ${certificate.thumbprint}, SHA-256 ${certificate.sha256})`
