import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { access, chmod, copyFile, link, mkdir, open, readdir, stat, unlink } from 'node:fs/promises'
import path from 'node:path'
import { MapperError } from '@mapper-sdk/core'
import { thisUser } from './read-file.ts'
import { shellWord } from './shell-word.ts'

/** Where everything lies in a PKI folder; the names are those that OPC UA tools use. */
export interface PkiFolder {
  readonly root: string
  readonly ownKey: string
  readonly ownCertificates: string
  readonly trusted: string
  readonly trustedRevocations: string
  readonly issuers: string
  readonly issuerRevocations: string
  readonly rejected: string
}

/** The paths alone; nothing is touched. */
export const pkiFolder = (root: string): PkiFolder => ({
  root,
  ownKey: path.join(root, 'own/private/key.pem'),
  ownCertificates: path.join(root, 'own/certs'),
  trusted: path.join(root, 'trusted/certs'),
  trustedRevocations: path.join(root, 'trusted/crl'),
  issuers: path.join(root, 'issuers/certs'),
  issuerRevocations: path.join(root, 'issuers/crl'),
  rejected: path.join(root, 'rejected'),
})

/**
 * Makes the folders that are missing and makes sure that this process can write them. Any number of
 * processes may do so at once. Rejects with `access_denied` that names the path, the user and the fix.
 */
export async function openPkiFolder(root: string): Promise<PkiFolder> {
  const folder = pkiFolder(root)
  const own = [path.join(root, 'own'), path.dirname(folder.ownKey), folder.ownCertificates]
  const others = [
    folder.trusted,
    folder.trustedRevocations,
    folder.issuers,
    folder.issuerRevocations,
    folder.rejected,
  ]
  for (const each of [root, ...own, ...others]) {
    try {
      await makeFolder(each, own.includes(each) ? 0o700 : 0o755)
      await access(each, constants.R_OK | constants.W_OK | constants.X_OK)
    } catch (thrown) {
      throw notWritable(each, root, thrown)
    }
  }
  // A folder made by hand, or with an umask of another mind, is closed again.
  for (const each of own) {
    if (process.platform === 'win32' || ((await stat(each)).mode & 0o077) === 0) continue
    await chmod(each, 0o700).catch((thrown: unknown) => {
      throw notWritable(each, root, thrown)
    })
  }
  return folder
}

/** Node's own recursive mkdir never ends below /proc, and a custom resource may name any path. */
async function makeFolder(folder: string, mode: number): Promise<void> {
  const make = () =>
    mkdir(folder, { mode }).catch((thrown: NodeJS.ErrnoException) => {
      if (thrown.code !== 'EEXIST') throw thrown
    })
  await make().catch(async (thrown: NodeJS.ErrnoException) => {
    const parent = path.dirname(folder)
    if (thrown.code !== 'ENOENT' || parent === folder) throw thrown
    await makeFolder(parent, 0o755)
    await make()
  })
}

function notWritable(each: string, root: string, cause: unknown): MapperError {
  const { code = 'failed' } = cause as NodeJS.ErrnoException
  return new MapperError(
    'access_denied',
    `the PKI folder ${each} cannot be made or written by ${thisUser()} (${code}); let it, as in ` +
      `chown -R ${process.geteuid?.() ?? 'USER'} ${shellWord(root)}, or set pkiFolder to a folder on a writable volume`,
    { cause },
  )
}

/**
 * Writes a file that nobody has made yet, whole or not at all. False: somebody was faster, and their
 * file stands. Rejects with `access_denied`.
 */
export async function writeOnce(file: string, bytes: Uint8Array, mode: number): Promise<boolean> {
  const folder = path.dirname(file)
  const temporary = path.join(folder, `.${path.basename(file)}.${randomBytes(6).toString('hex')}`)
  try {
    const handle = await open(temporary, 'wx', mode)
    try {
      await handle.writeFile(bytes)
      // A gateway loses its power when it likes: a name must never point to an empty key.
      await handle.sync()
    } finally {
      await handle.close()
    }
    // Unlike a rename, a link refuses to replace what another process has put there meanwhile.
    await link(temporary, file).catch((thrown: NodeJS.ErrnoException) => {
      if (thrown.code === 'EEXIST') throw thrown
      // FAT and some network volumes know no links.
      return copyFile(temporary, file, constants.COPYFILE_EXCL)
    })
    return true
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw notWritable(folder, folder, thrown)
  } finally {
    await unlink(temporary).catch(() => undefined)
  }
}

/** Paths of the files in a folder, without those that are being written. None if there is no folder. */
export async function filesIn(folder: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    return entries
      .filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.'))
      .map((entry) => path.join(folder, entry.name))
      .sort()
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return []
    const detail = `${folder} cannot be read by ${thisUser()}; let it`
    throw new MapperError('access_denied', detail, { cause: thrown })
  }
}
