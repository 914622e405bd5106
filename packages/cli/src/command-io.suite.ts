import type { CommandIo } from './command-io.ts'

/** What a command wrote, and how to stop it. */
export function fakeIo() {
  const out: string[] = []
  const err: string[] = []
  const abort = new AbortController()
  const listeners = new Set<() => void>()
  const io: CommandIo = {
    out: {
      write: (text) => {
        out.push(text)
        for (const listener of listeners) listener()
      },
    },
    err: { write: (text) => err.push(text) },
    signal: abort.signal,
  }
  return {
    io,
    stop: () => abort.abort(),
    out: () => out.join(''),
    err: () => err.join(''),
    lines: () => out.join('').trimEnd().split('\n'),
    objects: () => out.map((line) => JSON.parse(line) as Record<string, unknown>),
    onWrite: (listener: () => void) => void listeners.add(listener),
  }
}
