import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** A folder for the server's key and certificates, and how to let go of it. */
export interface CertificateFolder {
  readonly folder: string
  release(): Promise<void>
}

/** Keys are slow to make: one temporary folder serves all simulators of the process. */
let shared: { readonly folder: Promise<string>; users: number } | undefined

export async function sharedFolder(): Promise<CertificateFolder> {
  const mine = (shared ??= { folder: newFolder(), users: 0 })
  mine.users++
  return {
    folder: await mine.folder,
    release: once(async () => {
      mine.users--
      if (mine.users > 0) return
      if (shared === mine) shared = undefined
      await remove(await mine.folder)
    }),
  }
}

/** A folder that nobody shares, so that its key is a new one. */
export async function freshFolder(): Promise<CertificateFolder> {
  const folder = await newFolder()
  return { folder, release: once(() => remove(folder)) }
}

export const givenFolder = (folder: string): CertificateFolder => ({
  folder,
  release: async () => undefined,
})

const newFolder = () => mkdtemp(path.join(tmpdir(), 'opcua-simulator-'))
const remove = (folder: string) => rm(folder, { recursive: true, force: true, maxRetries: 3 })

function once(run: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined
  return () => (running ??= run())
}
