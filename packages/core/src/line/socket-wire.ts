import { MapperError } from '../errors.ts'
import type { Wire } from './wire.ts'

/** A socket that takes no bytes for so long is given up. */
const writeMs = 5_000

/** What a socket can do. */
export interface SocketEnd {
  /** Calls `done` when the system has taken the bytes, or with the reason why it has not. */
  send(bytes: Uint8Array, done: (error?: Error | null) => void): void
  /** Any number of times. */
  close(): void
}

/** A wire on a socket, and what the socket has to tell it. */
export interface SocketWire {
  readonly wire: Wire
  readonly lost: MapperError | undefined
  hear(bytes: Buffer): void
  lose(what: string, cause?: Error): void
  /** The socket is closed. */
  closed(): void
}

/**
 * What TCP and UDP have in common. What came before and nobody has seen cannot be thrown away by asking the
 * system: it is read and dropped until the next turn of the event loop.
 */
export function socketWire(name: string, { send, close }: SocketEnd): SocketWire {
  let onBytes: (bytes: Buffer) => void = () => undefined
  let onLost: (reason: MapperError) => void = () => undefined
  let lost: MapperError | undefined
  let discarding = false
  let tellClosed: () => void = () => undefined
  const gone = new Promise<void>((resolve) => (tellClosed = resolve))
  const writing = new Set<() => void>()

  function lose(what: string, cause?: Error): void {
    if (lost !== undefined) return
    lost = new MapperError('unreachable', `${name} ${what}`, { cause })
    onLost(lost)
    close()
  }

  const wire: Wire = {
    name,
    characterMs: 0,
    write: (bytes) =>
      new Promise((resolve, reject) => {
        if (lost !== undefined) return reject(lost)
        const timer = setTimeout(() => lose('does not take bytes'), writeMs)
        const done = () => {
          clearTimeout(timer)
          writing.delete(done)
          if (lost === undefined) resolve()
          else reject(lost)
        }
        writing.add(done)
        send(bytes, (error) => {
          if (error) lose(`failed: ${error.message}`, error)
          done()
        })
      }),
    async discardInput() {
      discarding = true
      await new Promise<void>((resolve) => setImmediate(resolve))
      discarding = false
    },
    listen(bytes, ended) {
      onBytes = bytes
      onLost = ended
      if (lost !== undefined) ended(lost)
    },
    async close() {
      lost ??= new MapperError('canceled', `${name} was closed`)
      close()
      await gone
    },
  }
  return {
    wire,
    get lost() {
      return lost
    },
    hear(bytes) {
      if (!discarding) onBytes(bytes)
    },
    lose,
    closed() {
      tellClosed()
      for (const done of [...writing]) done()
    },
  }
}
