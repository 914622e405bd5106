import type { Clock, Id, Logger } from '@mapper-sdk/core'
import { watch } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { loadFolder, type CrDocument, type Folder, type FolderIssue } from './folder.ts'

type Kind = CrDocument['kind']

/** Keeps the cloud as the folder says. */
export interface FolderWatch {
  issues(): readonly FolderIssue[]
  close(): Promise<void>
}

/** Editors write a file in several steps; this long after the last one it is read. */
const debounceMs = 100

/**
 * Takes over a loaded folder's documents and follows its changes. What is broken now keeps what it
 * was when it was last right, so that a half-written file removes no device.
 */
export function watchFolder(options: {
  readonly folder: string
  /** What has been applied already. */
  readonly loaded: Folder
  readonly apply: (document: CrDocument) => void
  readonly remove: (kind: Kind, id: Id) => void
  readonly onReload: (issues: readonly FolderIssue[]) => void
  readonly clock: Clock
  readonly logger: Logger
}): FolderWatch {
  const { folder, loaded, apply, remove, onReload, clock, logger } = options
  const keyOf = ({ kind, id }: CrDocument) => `${kind} ${id}`
  let applied = new Map(loaded.documents.map((document) => [keyOf(document), document]))
  let issues = loaded.issues
  let cancel: (() => void) | undefined
  let reading = Promise.resolve()
  let closed = false

  async function reload(): Promise<void> {
    if (closed) return
    const now = await loadFolder(folder)
    if (closed) return
    const next = new Map(now.documents.map((document) => [keyOf(document), document]))
    for (const [key, document] of applied) {
      if (!next.has(key) && now.broken.has(document.file)) next.set(key, document)
    }
    for (const document of modelsFirst(next.values())) {
      const before = applied.get(keyOf(document))
      if (!isDeepStrictEqual(before?.manifest, document.manifest)) apply(document)
    }
    for (const { kind, id } of modelsFirst(applied.values()).toReversed()) {
      if (!next.has(`${kind} ${id}`)) remove(kind, id)
    }
    applied = next
    issues = now.issues
    onReload(issues)
  }

  const read = () => {
    cancel = undefined
    reading = reading.then(reload).catch((error: unknown) => {
      logger.warn({ err: error }, `cannot read ${folder}; everything stays as it was`)
    })
  }
  const watcher = watch(folder, { persistent: false }, () => {
    cancel?.()
    cancel = clock.after(debounceMs, read)
  })
  watcher.on('error', (error) => {
    logger.warn({ err: error }, `cannot watch ${folder} any more; restart to see its changes`)
  })
  return {
    issues: () => issues,
    async close() {
      closed = true
      cancel?.()
      watcher.close()
      await reading
    },
  }
}

/** A device whose model is not there makes CloudCore wait, so models go first. */
export const modelsFirst = (documents: Iterable<CrDocument>): readonly CrDocument[] =>
  [...documents].sort((a, b) => Number(a.kind === 'Device') - Number(b.kind === 'Device'))
