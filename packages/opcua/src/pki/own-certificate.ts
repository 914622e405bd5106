import { createHash, createPrivateKey, type KeyObject } from 'node:crypto'
import { rename, unlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import path from 'node:path'
import { MapperError } from '@mapper-sdk/core'
import type { Library } from '../library.ts'
import { dayOf, daysLeft, parseCertificates, type Certificate } from './certificate.ts'
import { filesIn, openPkiFolder, writeOnce } from './folder.ts'
import { makeCertificate, makeKey } from './make-certificate.ts'
import { readKeyFile, readNamedFile } from './read-file.ts'

/** The mapper's own certificate and key. `keyPem` is a secret: it goes to the library and nowhere else. */
export interface OwnCertificate {
  /** The certificate, then those that lead to its authority. */
  readonly chain: readonly [Certificate, ...Certificate[]]
  readonly keyPem: () => string
  readonly applicationUri: string
  /** The file to take to a server that does not trust it; left out: there is none. */
  readonly file?: string
  /** What will need attention, in sentences. */
  readonly warnings: readonly string[]
}

/** Announced 30 days ahead, so that a person has time to let the servers trust the next one. */
const announceDays = 30
/** The next one is taken a little before the end: clocks differ. */
const switchDays = 3

export const defaultApplicationUri = (host = hostname()): string => `urn:${host}:kubeedge-mapper`

/**
 * The certificate in the PKI folder; made when missing, renewed in time. Processes that share the
 * folder may ask at once and all get the same one.
 *
 * A renewed certificate keeps the key: then no moment exists in which key and certificate do not fit,
 * and one renaming is all it takes. It lies beside the old one for its last 30 days and is used when
 * 3 days are left, so that there is time to let the servers trust it. To get a new key, delete `own`.
 */
export async function ownCertificate(
  root: string,
  options: {
    readonly applicationUri?: string | undefined
    readonly now: number
    readonly crypto: Library['crypto_utils']
  },
): Promise<OwnCertificate> {
  const { now, crypto } = options
  const folder = await openPkiFolder(root)
  const key = await keyOf(folder.ownKey)
  const paths = namesIn(folder.ownCertificates, options.applicationUri)
  const make = async (file: string, applicationUri: string) => {
    const der = await makeCertificate({ key, applicationUri, host: hostname(), now, crypto })
    await writeOnce(file, der, 0o644)
    const made = await readIfThere(file)
    if (made === undefined) throw new MapperError('internal', `${file} is gone again`)
    return made
  }

  let current = await readIfThere(paths.current)
  // The name that the server knows stays when the host is called otherwise, as a container is each day.
  const wanted = options.applicationUri ?? current?.applicationUris[0] ?? defaultApplicationUri()
  current ??= await make(paths.current, wanted)
  checkKey(current, paths.current, key, folder.ownKey)

  const left = daysLeft(current.validTo, now)
  if (left >= announceDays) return own(current, key, wanted, paths.current, [])

  let next = await readIfThere(paths.next)
  if (next === undefined) {
    // Another process may have put it into the place of the old one just now. A second new one would
    // be one that no server was told about.
    const again = await readIfThere(paths.current)
    if (again !== undefined && daysLeft(again.validTo, now) >= announceDays) {
      return own(again, key, wanted, paths.current, [])
    }
  } else if (daysLeft(next.validTo, now) < announceDays) {
    await unlink(paths.next).catch(() => undefined)
    next = undefined
  }
  next ??= await make(paths.next, wanted)
  checkKey(next, paths.next, key, folder.ownKey)
  if (left >= switchDays) {
    return own(current, key, wanted, paths.current, [
      `the mapper's own certificate ${paths.current} expires on ${dayOf(current.validTo)}, in ${left} days; ` +
        `the next one is ${paths.next} (thumbprint ${next.thumbprint}): let each server trust it before ` +
        `${dayOf(current.validTo - switchDays * 86_400_000)}, then it is used by itself`,
    ])
  }
  // Whoever comes second finds nothing to rename, and the new one in place.
  await rename(paths.next, paths.current).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code !== 'ENOENT') throw MapperError.from(thrown)
  })
  return own((await readIfThere(paths.current)) ?? next, key, wanted, paths.current, [
    `the mapper uses its renewed certificate ${paths.current} (thumbprint ${next.thumbprint}) from now on`,
  ])
}

/** One file for each name of an application; the key is the same for all. */
function namesIn(folder: string, applicationUri: string | undefined) {
  const hash = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 8)
  const name = applicationUri === undefined ? 'mapper' : `mapper-${hash(applicationUri)}`
  return {
    current: path.join(folder, `${name}.der`),
    next: path.join(folder, `${name}-next.der`),
  }
}

/** Looked at once: between two looks another process may rename it. */
async function readIfThere(file: string): Promise<Certificate | undefined> {
  const option = "the mapper's own certificate"
  const bytes = await readNamedFile(option, file).catch((thrown: MapperError) => {
    if ((thrown.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return undefined
    throw thrown
  })
  return bytes && parseCertificates(bytes, file)[0]
}

async function keyOf(file: string): Promise<KeyObject> {
  const option = "the mapper's own key"
  if (!(await filesIn(path.dirname(file))).includes(file)) {
    await writeOnce(file, Buffer.from(await makeKey()), 0o600)
  }
  return readPrivateKey(option, file, await readKeyFile(option, file))
}

/** Reads a private key in PEM form. Throws `invalid_config` that names the file, never what is in it. */
export function readPrivateKey(option: string, file: string, bytes: Buffer): KeyObject {
  try {
    return createPrivateKey(bytes.toString('latin1'))
  } catch {
    // The cause is left out: it may quote the file.
    throw new MapperError(
      'invalid_config',
      bytes.includes('ENCRYPTED')
        ? `${option} ${file} is locked by a passphrase; keep it without, readable by the mapper alone`
        : `${option} ${file} holds no private key (PEM)`,
    )
  }
}

export function checkKey(
  certificate: Certificate,
  certificateFile: string,
  key: KeyObject,
  keyFile: string,
): void {
  if (certificate.x509.checkPrivateKey(key)) return
  throw new MapperError(
    'invalid_config',
    `${keyFile} is not the key of ${certificateFile} (thumbprint ${certificate.thumbprint})`,
  )
}

export const own = (
  first: Certificate,
  key: KeyObject,
  applicationUri: string,
  file: string | undefined,
  warnings: readonly string[],
  rest: readonly Certificate[] = [],
): OwnCertificate => ({
  chain: [first, ...rest],
  keyPem: () => key.export({ type: 'pkcs8', format: 'pem' }).toString(),
  applicationUri,
  ...(file !== undefined && { file }),
  warnings,
})
