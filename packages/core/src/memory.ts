import type { Memory, StateStore } from './store.ts'

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

/** Remembers as long as the process lives. */
export function createVolatileStore(): StateStore {
  const entries = new Map<string, string>()
  return {
    get: (key) => entries.get(key),
    set: (key, value) => void entries.set(key, value),
    flush: async () => undefined,
  }
}
