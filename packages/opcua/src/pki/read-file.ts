import { readFile, stat } from 'node:fs/promises'
import { fileOfResource, MapperError, type OwnPlaces } from '@mapper-sdk/core'
import { shellWord } from './shell-word.ts'

const mostBytes = 1 << 20

/**
 * Reads a small file, as it is now. Rejects with `invalid_config` or `access_denied` that names the
 * option and the path, and never what is in the file. A pipe or a device is not even opened.
 */
export async function readNamedFile(option: string, path: string): Promise<Buffer> {
  return (await readNamed(option, path)).bytes
}

/** As `readNamedFile`, for a path that comes from a custom resource: only where such files may lie. */
export async function readResourceFile(
  option: string,
  path: string,
  own?: OwnPlaces,
): Promise<Buffer> {
  return (await readNamed(option, path, await fileOfResource(option, path, own))).bytes
}

/** As `readResourceFile`, for a private key: one that others can read is refused. */
export async function readResourceKey(
  option: string,
  path: string,
  own?: OwnPlaces,
): Promise<Buffer> {
  const real = await fileOfResource(option, path, own)
  return closedKey(option, path, await readNamed(option, path, real))
}

/** As `readNamedFile`, for a private key: one that others can read is refused. */
export async function readKeyFile(option: string, path: string): Promise<Buffer> {
  return closedKey(option, path, await readNamed(option, path))
}

interface Content {
  readonly bytes: Buffer
  readonly mode: number
}

function closedKey(option: string, path: string, { bytes, mode }: Content): Buffer {
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    throw new MapperError(
      'access_denied',
      `${option} ${path} is a private key that other users of this machine can read or write (mode ` +
        `0${(mode & 0o777).toString(8)}); run: chmod 600 ${shellWord(path)} (in a Kubernetes secret: defaultMode: 0400)`,
    )
  }
  return bytes
}

async function readNamed(option: string, path: string, real = path): Promise<Content> {
  const what = `${option} ${path}`
  try {
    const stats = await stat(real)
    if (!stats.isFile()) throw new MapperError('invalid_config', `${what} is no file`)
    if (stats.size > mostBytes) {
      throw new MapperError('invalid_config', `${what} is larger than any file of its kind`)
    }
    return { bytes: await readFile(real), mode: stats.mode }
  } catch (thrown) {
    if (thrown instanceof MapperError) throw thrown
    const { code = 'failed' } = thrown as NodeJS.ErrnoException
    if (code === 'EACCES' || code === 'EPERM') {
      const detail = `${what} cannot be read by ${thisUser()}; let it`
      throw new MapperError('access_denied', detail, { cause: thrown })
    }
    const why = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`
    throw new MapperError('invalid_config', `${what} ${why}`, { cause: thrown })
  }
}

export function thisUser(): string {
  const uid = process.geteuid?.()
  return uid === undefined ? 'this process' : `this process (user ${uid})`
}
