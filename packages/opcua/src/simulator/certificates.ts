import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** A folder for the server's key and certificates, and how to let go of it. */
export interface CertificateFolder {
  readonly folder: string
  /** Keeps what was made in it, so that later folders of the process need not make it again. */
  remember(): Promise<void>
  /** Removes it, if it is temporary. Any number of times. */
  release(): Promise<void>
}

/** What takes long to make, in the folder of each of the two certificate managers. */
const slowFiles = [
  'server/own/private/private_key.pem',
  'server/own/certs/certificate.pem',
  'users/own/private/private_key.pem',
]

/** Made once in a process. */
let made: ReadonlyMap<string, Buffer> | undefined

/** A temporary folder with the key and the certificate that all simulators of the process share. */
export async function temporaryFolder(): Promise<CertificateFolder> {
  const folder = await newFolder()
  for (const [file, bytes] of made ?? []) {
    const target = path.join(folder, file)
    await mkdir(path.dirname(target), { recursive: true })
    await writeFile(target, bytes, { mode: 0o600 })
  }
  return {
    folder,
    async remember() {
      if (made !== undefined) return
      const found = new Map<string, Buffer>()
      for (const file of slowFiles) found.set(file, await readFile(path.join(folder, file)))
      made = found
    },
    release: () => remove(folder),
  }
}

/** A temporary folder in which a new key is made. */
export async function freshFolder(): Promise<CertificateFolder> {
  const folder = await newFolder()
  return { folder, remember: async () => undefined, release: () => remove(folder) }
}

export const givenFolder = (folder: string): CertificateFolder => ({
  folder,
  remember: async () => undefined,
  release: async () => undefined,
})

const newFolder = () => mkdtemp(path.join(tmpdir(), 'opcua-simulator-'))
const remove = (folder: string) => rm(folder, { recursive: true, force: true, maxRetries: 3 })
