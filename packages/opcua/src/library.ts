import type * as nodeOpcuaClient from 'node-opcua-client'

/** What the OPC UA library exports. Only its types may be imported elsewhere. */
export type Library = typeof nodeOpcuaClient

/** One line that the library wanted to print. */
export type LibraryLine = (text: string) => void

const levelVariable = 'NODEOPCUA_LOG_LEVEL'

/**
 * Loads the OPC UA library, the first time for some 0.5 s and 60 MiB, later at no cost. Nothing else
 * in this package loads it, so a process that has no OPC UA device never pays for it.
 * Nothing of what it would print reaches the console: it goes to `onLine`, or nowhere if that is left out.
 */
export async function loadLibrary(onLine?: LibraryLine): Promise<Library> {
  // Its level is read while it loads, and it prints a warning before anybody could set it otherwise.
  const before = process.env[levelVariable]
  process.env[levelVariable] = '0'
  let library: Library
  try {
    library = await import('node-opcua-client')
  } finally {
    if (before === undefined) delete process.env[levelVariable]
    else process.env[levelVariable] = before
  }
  route(library, onLine)
  return library
}

function route(library: Library, onLine: LibraryLine | undefined): void {
  // Each message costs it a stack trace from its level on, so silence is asked for at the source.
  library.setLogLevel(onLine === undefined ? library.LogLevel.Emergency : library.LogLevel.Warning)
  const print = (_where?: unknown, ...words: unknown[]) => {
    onLine?.(words.map(wordOf).join(' ').slice(0, 1000))
  }
  library.setErrorLogger(print)
  library.setWarningLogger(print)
  library.setDebugLogger(print)
}

/** Objects are left out: requests and sessions hold what must not be in a log. */
function wordOf(word: unknown): string {
  if (typeof word === 'string' || typeof word === 'number') return String(word)
  return word instanceof Error ? word.message : ''
}
