import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** A new empty folder with a path short enough for sockets, and how to be rid of it. */
export async function scratchFolder(): Promise<{ folder: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'e2e-'))
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) }
}
