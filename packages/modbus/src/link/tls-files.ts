import { X509Certificate, createPrivateKey } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { fileOfResource, MapperError, type OwnPlaces } from '@mapper-sdk/core'

export interface TlsFiles {
  /** Certificates (PEM) that may sign the server's; those known to Node.js if left out. */
  readonly caFile?: string
  /** The certificate (PEM) that the server is shown, and those that lead to its authority. */
  readonly certFile?: string
  /** The private key (PEM) of that certificate. */
  readonly keyFile?: string
  /** What none of these may be. */
  readonly own?: OwnPlaces
}

export interface TlsTexts {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  /** What will need attention, in sentences. */
  readonly warnings: readonly string[]
}

const mostBytes = 1 << 20
const dayMs = 86_400_000
const soonMs = 30 * dayMs

/**
 * Reads the files as they are now. Rejects with `invalid_config` or `access_denied` that names the
 * option and the path, and never what is in a file.
 */
export async function readTlsFiles({
  caFile,
  certFile,
  keyFile,
  own,
}: TlsFiles): Promise<TlsTexts> {
  if ((certFile === undefined) !== (keyFile === undefined)) {
    const [given, other] =
      certFile === undefined ? ['keyFile', 'certFile'] : ['certFile', 'keyFile']
    throw invalid(`${other} is missing, but needed with ${given}`)
  }
  const ca = caFile === undefined ? undefined : await readPem('caFile', caFile, own)
  const cert = certFile === undefined ? undefined : await readPem('certFile', certFile, own)
  const key = keyFile === undefined ? undefined : await readPem('keyFile', keyFile, own)
  if (ca !== undefined) certificatesIn(ca)
  const warnings: string[] = []
  if (cert !== undefined && key !== undefined) {
    const [own] = certificatesIn(cert)
    if (own !== undefined && !own.checkPrivateKey(privateKeyIn(key))) {
      throw invalid(`${key.what} is not the key of ${cert.what}`)
    }
    if ((key.mode & 0o007) !== 0) {
      const mode = (key.mode & 0o777).toString(8)
      warnings.push(
        `${key.what} is open to every user of this machine (mode 0${mode}); make it 0600`,
      )
    }
    const warning = own && expiryWarning(own.validTo, cert.what)
    if (warning !== undefined) warnings.push(warning)
  }
  return {
    ...(ca && { ca: ca.text }),
    ...(cert && { cert: cert.text }),
    ...(key && { key: key.text }),
    warnings,
  }
}

/** A sentence about a certificate that has expired or will within 30 days. */
export function expiryWarning(validTo: string, what: string): string | undefined {
  const leftMs = Date.parse(validTo) - Date.now()
  if (!(leftMs < soonMs)) return undefined
  const day = dayOf(validTo)
  return leftMs < 0 ? `${what} expired on ${day}` : `${what} expires on ${day}; renew it`
}

/** `2031-05-17` */
export const dayOf = (date: string) => new Date(date).toISOString().slice(0, 10)

interface Pem {
  /** `certFile /etc/…/client.pem` */
  readonly what: string
  readonly text: string
  readonly mode: number
}

/** The path comes from a custom resource that somebody else wrote: a pipe or a device is not even opened. */
async function readPem(option: string, path: string, own?: OwnPlaces): Promise<Pem> {
  const what = `${option} ${path}`
  const real = await fileOfResource(option, path, own)
  try {
    const stats = await stat(real)
    if (!stats.isFile()) throw invalid(`${what} is no file`)
    if (stats.size > mostBytes) throw invalid(`${what} is larger than any certificate`)
    return { what, text: await readFile(real, 'utf8'), mode: stats.mode }
  } catch (thrown) {
    if (thrown instanceof MapperError) throw thrown
    const { code = 'failed' } = thrown as NodeJS.ErrnoException
    const uid = process.geteuid?.()
    if (code === 'EACCES') {
      const who = uid === undefined ? 'this process' : `this process (user ${uid})`
      const detail = `${what} cannot be read by ${who}; let it`
      throw new MapperError('access_denied', detail, { cause: thrown })
    }
    const why = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`
    throw invalid(`${what} ${why}`, thrown)
  }
}

function certificatesIn({ what, text }: Pem): X509Certificate[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  // What is none would just be ignored.
  if (blocks.length === 0) throw invalid(`${what} holds no certificate (PEM)`)
  try {
    return blocks.map((block) => new X509Certificate(block))
  } catch (thrown) {
    throw invalid(`${what} holds a certificate that cannot be read`, thrown)
  }
}

function privateKeyIn({ what, text }: Pem) {
  try {
    return createPrivateKey(text)
  } catch (thrown) {
    throw invalid(
      /ENCRYPTED/.test(text)
        ? `${what} is locked by a passphrase; keep it without, readable by the mapper alone`
        : `${what} holds no private key (PEM)`,
      thrown,
    )
  }
}

const invalid = (detail: string, cause?: unknown) =>
  new MapperError('invalid_config', detail, { cause })
