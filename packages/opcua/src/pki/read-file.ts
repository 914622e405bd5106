import { readFile, stat } from 'node:fs/promises'
import { MapperError } from '@mapper-sdk/core'
import { shellWord } from './shell-word.ts'

const mostBytes = 1 << 20

/**
 * Reads a small file that a configuration names, as it is now. Rejects with `invalid_config` or
 * `access_denied` that names the option and the path, and never what is in the file.
 * A path comes from a custom resource that somebody else wrote: a pipe or a device is not even opened.
 */
export async function readNamedFile(option: string, path: string): Promise<Buffer> {
  return (await readNamed(option, path)).bytes
}

/** As `readNamedFile`, for a private key: one that others can read is refused. */
export async function readKeyFile(option: string, path: string): Promise<Buffer> {
  const { bytes, mode } = await readNamed(option, path)
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    throw new MapperError(
      'access_denied',
      `${option} ${path} is a private key that other users of this machine can read or write (mode ` +
        `0${(mode & 0o777).toString(8)}); run: chmod 600 ${shellWord(path)} (in a Kubernetes secret: defaultMode: 0400)`,
    )
  }
  return bytes
}

async function readNamed(option: string, path: string) {
  const what = `${option} ${path}`
  try {
    const stats = await stat(path)
    if (!stats.isFile()) throw new MapperError('invalid_config', `${what} is no file`)
    if (stats.size > mostBytes) {
      throw new MapperError('invalid_config', `${what} is larger than any file of its kind`)
    }
    return { bytes: await readFile(path), mode: stats.mode }
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
