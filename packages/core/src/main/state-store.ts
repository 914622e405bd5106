import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import type { Logger } from '../log.ts'
import type { MapperOptions } from '../mapper.ts'

export type StateStore = NonNullable<MapperOptions['store']>

/**
 * A store in the file `NAME.state.json` of a directory. A file is replaced as a whole, so a crash leaves
 * the old or the new one. A disk that is full, read-only or holds garbage costs the memory, never the
 * mapper: it is warned about once, and tried again with the next change.
 */
export async function openStateStore(
  directory: string,
  name: string,
  logger: Logger,
): Promise<StateStore> {
  const file = path.join(directory, `${encodeURIComponent(name)}.state.json`)
  const entries = await load(file, logger)
  let dirty = false
  let healthy = true
  let writing: Promise<void> | undefined

  const save = async () => {
    while (dirty) {
      dirty = false
      try {
        await replace(file, JSON.stringify({ version: 1, entries: Object.fromEntries(entries) }))
        healthy = true
      } catch (error) {
        const level = healthy ? 'warn' : 'debug'
        logger[level]({ err: error, file }, 'the state cannot be kept on disk, only in memory')
        healthy = false
      }
    }
    writing = undefined
  }
  return {
    get: (key) => entries.get(key),
    set(key, value) {
      if (entries.get(key) === value) return
      entries.set(key, value)
      dirty = true
      writing ??= Promise.resolve().then(save)
    },
    async flush() {
      if (!healthy) dirty = true
      writing ??= save()
      await writing
    },
  }
}

async function load(file: string, logger: Logger): Promise<Map<string, string>> {
  try {
    const parsed: unknown = JSON.parse(await readFile(file, 'utf8'))
    const { version, entries } = parsed as { version?: unknown; entries?: unknown }
    if (version !== 1 || typeof entries !== 'object' || entries === null) {
      throw new Error('not a state file of version 1')
    }
    const texts = Object.entries(entries).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    )
    return new Map(texts)
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    if (!missing) logger.warn({ err: error, file }, 'the state file is unusable; starting without')
    return new Map()
  }
}

async function replace(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true })
  const temporary = `${file}.new`
  try {
    const handle = await open(temporary, 'w', 0o600)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, file)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined)
    throw error
  }
}
