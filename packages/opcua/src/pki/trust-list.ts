import { rename, stat, unlink } from 'node:fs/promises'
import path from 'node:path'
import { MapperError } from '@mapper-sdk/core'
import { parseCertificates, type Certificate } from './certificate.ts'
import {
  findCertificate,
  type CertificateRoom,
  type StoredCertificate,
} from './find-certificate.ts'
import { filesIn, openPkiFolder, pkiFolder, writeOnce } from './folder.ts'
import { readNamedFile } from './read-file.ts'

/** More than these are not kept: whoever can reach the gateway's client could fill its disk. */
const mostRejected = 100

/** What is in a PKI folder. Files that cannot be read are listed with their problem. */
export async function listCertificates(root: string): Promise<readonly StoredCertificate[]> {
  const { ownCertificates, trusted, rejected, issuers } = pkiFolder(root)
  const rooms = { own: ownCertificates, trusted, rejected, issuers } as const
  const lists = Object.entries(rooms).map(([room, folder]) =>
    certificatesIn(room as CertificateRoom, folder),
  )
  return (await Promise.all(lists)).flat()
}

export async function certificatesIn(
  room: CertificateRoom,
  folder: string,
): Promise<readonly StoredCertificate[]> {
  const files = await filesIn(folder)
  const read = async (file: string): Promise<readonly StoredCertificate[]> => {
    try {
      const found = parseCertificates(await readNamedFile(room, file), file)
      return found.map((certificate) => ({ room, file, certificate }))
    } catch (thrown) {
      return [{ room, file, problem: MapperError.from(thrown).detail }]
    }
  }
  return (await Promise.all(files.map(read))).flat()
}

/**
 * Trusts a certificate: a rejected one by its thumbprint (a clear beginning of it is enough), or the
 * first one in a file. Answers the certificate. Rejects with `invalid_config` or `access_denied`.
 */
export async function trust(root: string, thumbprintOrFile: string): Promise<Certificate> {
  const folder = await openPkiFolder(root)
  if (/[/.]/.test(thumbprintOrFile)) {
    const file = path.resolve(thumbprintOrFile)
    const [certificate] = parseCertificates(await readNamedFile('the file', file), file)
    await store(folder.trusted, certificate)
    return certificate
  }
  const stored = await listCertificates(root)
  const { certificate, file } = findCertificate(stored, thumbprintOrFile, ['rejected', 'trusted'])
  if (path.dirname(file) === folder.trusted) return certificate
  const target = path.join(folder.trusted, nameOf(certificate))
  await rename(file, target).catch((thrown: unknown) => {
    const detail = `${file} cannot be moved to ${folder.trusted}`
    throw new MapperError('access_denied', detail, { cause: thrown })
  })
  return certificate
}

/** Trusts a certificate no longer: it goes to the rejected ones. Answers it. */
export async function untrust(root: string, thumbprint: string): Promise<Certificate> {
  const folder = await openPkiFolder(root)
  const stored = await listCertificates(root)
  const { certificate } = findCertificate(stored, thumbprint, ['trusted'])
  await reject(folder.rejected, certificate)
  // It may lie there more than once, under names that people gave it.
  for (const each of stored) {
    if (each.room === 'trusted' && each.certificate?.thumbprint === certificate.thumbprint) {
      await unlink(each.file)
    }
  }
  return certificate
}

/** Keeps a refused certificate, so that it can be looked at and trusted. The oldest ones make room. */
export async function reject(rejectedFolder: string, certificate: Certificate): Promise<void> {
  await store(rejectedFolder, certificate)
  const files = await filesIn(rejectedFolder)
  if (files.length <= mostRejected) return
  const dated = await Promise.all(
    files.map(async (file) => ({
      file,
      at: await stat(file).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      ),
    })),
  )
  const kept = nameOf(certificate)
  const oldest = dated
    .filter(({ file }) => path.basename(file) !== kept)
    .sort((a, b) => a.at - b.at)
    .slice(0, files.length - mostRejected)
  await Promise.all(oldest.map(({ file }) => unlink(file).catch(() => undefined)))
}

const store = (folder: string, certificate: Certificate) =>
  writeOnce(path.join(folder, nameOf(certificate)), certificate.der, 0o644)

/** `Boiler PLC [9C02…].der`, as OPC UA tools name them. The stranger's name keeps only harmless letters. */
function nameOf({ subject, thumbprint }: Certificate): string {
  const common = /(?:^|, )CN=([^,]*)/.exec(subject)?.[1] ?? ''
  const harmless = common
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '_')
    .trim()
    .slice(0, 40)
  return `${harmless === '' ? 'certificate' : harmless} [${thumbprint}].der`
}
