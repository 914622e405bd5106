import { watch, type FSWatcher } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Clock } from '../../time.ts'

/** Writers take a moment; a swap of links makes several events. */
const settleMs = 50
/** Where the system does not tell of changes, as on some mounted volumes. */
const pollMs = 10_000

/**
 * Calls `changed` when the file may have another content: written, renamed over, or swapped by a link
 * above it as Kubernetes does with ConfigMaps. Its folder is watched, not the file, which may not exist
 * yet or be another one tomorrow. Returns the end of it.
 */
export function watchFile(file: string, clock: Clock, changed: () => void): () => void {
  const folder = path.dirname(path.resolve(file))
  let watcher: FSWatcher | undefined
  let cancelSettle: (() => void) | undefined
  let stopped = false
  const settle = () => {
    cancelSettle ??= clock.after(settleMs, () => {
      cancelSettle = undefined
      changed()
    })
  }
  const open = () => {
    try {
      watcher = watch(folder, settle)
      watcher.on('error', () => {
        watcher?.close()
        watcher = undefined
      })
    } catch {
      // The folder may come later; until then polling finds it.
    }
  }
  let cancelPoll = () => {}
  const poll = () => {
    cancelPoll = clock.after(pollMs, () => {
      if (stopped) return
      if (watcher === undefined) open()
      changed()
      poll()
    })
  }
  open()
  poll()
  return () => {
    stopped = true
    watcher?.close()
    cancelSettle?.()
    cancelPoll()
  }
}

/** Nothing that large is a list of devices; a ConfigMap ends at 1 MiB. */
const largest = 64 * 1024 * 1024

export async function readProfileFile(file: string, signal: AbortSignal): Promise<string> {
  const content = await readFile(file, { signal })
  if (content.byteLength > largest) throw new Error(`${file} is larger than ${largest} bytes`)
  return content.toString('utf8')
}
