import { connect } from 'node:net'
import { once } from 'node:events'
import { expect } from 'vitest'

/** A client that knows nothing of recipes: bytes out, and all that came. */
export interface Client {
  send(text: string): void
  /** All that came, each byte a character. */
  heard(): string
  /** Sends, and waits until this has come since. */
  ask(text: string, wanted: string | RegExp): Promise<void>
  /** Resolves when the connection is over. */
  readonly gone: Promise<unknown>
  close(): void
}

export async function tcpClient(port: number): Promise<Client> {
  const socket = connect(port, '127.0.0.1')
  let all = ''
  socket.on('data', (bytes) => (all += bytes.toString('latin1')))
  socket.on('error', () => undefined)
  const gone = new Promise((resolve) => socket.once('close', resolve))
  await once(socket, 'connect')
  const send = (text: string) => void socket.write(Buffer.from(text, 'latin1'))
  return {
    send,
    heard: () => all,
    async ask(text, wanted) {
      const before = all.length
      send(text)
      await waitFor(() => all.slice(before), wanted)
    },
    gone,
    close: () => socket.destroy(),
  }
}

export const waitFor = async (text: () => string, wanted: string | RegExp): Promise<void> => {
  const found = expect.poll(text, { interval: 5 })
  await (typeof wanted === 'string' ? found.toBe(wanted) : found.toMatch(wanted))
}
