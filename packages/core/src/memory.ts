import type { Memory } from './driver.ts'

/** The most entries a connection may remember; the oldest goes first. */
const mostEntries = 10_000

export function createMemory(): Memory {
  const entries = new Map<string, unknown>()
  return {
    get: (key) => entries.get(key),
    set(key, value) {
      entries.delete(key)
      entries.set(key, value)
      if (entries.size > mostEntries) {
        const [oldest] = entries.keys()
        if (oldest !== undefined) entries.delete(oldest)
      }
    },
  }
}

/** What must survive a restart of the process: small texts by key. */
export interface StateStore {
  get(key: string): string | undefined
  set(key: string, value: string): void
  /** Resolves when all that was set is kept, as far as that is possible. */
  flush(): Promise<void>
}

/** Remembers as long as the process lives. */
export function createVolatileStore(): StateStore {
  const entries = new Map<string, string>()
  return {
    get: (key) => entries.get(key),
    set: (key, value) => void entries.set(key, value),
    flush: async () => undefined,
  }
}
