import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { createHeaderRewriter } from './header-rewriter.ts'

/**
 * A connection as an HTTP/2 server can take it. EdgeCore up to KubeEdge 1.17 sends the raw path of
 * our socket as `:authority`, which Node's HTTP/2 refuses before any handler runs; here it becomes
 * `localhost` on the way in. What leaves goes out as it is.
 *
 * A stream that is not sound HTTP/2 is destroyed at once, with `onRefused` called before; it never
 * emits an error for that. Nothing is read ahead while the reader does not ask.
 */
export function withLocalAuthority(socket: Socket, onRefused: (error: unknown) => void): Duplex {
  const rewriter = createHeaderRewriter()
  const duplex = new Duplex({
    read: () => void socket.resume(),
    write: (chunk: Buffer, _encoding, done) => void socket.write(chunk, (error) => done(error)),
    final: (done) => void socket.end(() => done()),
    destroy: (error, done) => {
      socket.destroy()
      done(error)
    },
  })
  socket.on('data', (chunk: Buffer) => {
    try {
      const pieces = rewriter.push(chunk)
      if (pieces.length > 0 && !duplex.push(Buffer.concat(pieces))) socket.pause()
    } catch (error) {
      onRefused(error)
      duplex.destroy()
    }
  })
  socket.on('end', () => duplex.push(null))
  socket.on('error', () => duplex.destroy())
  socket.on('close', () => duplex.destroy())
  return duplex
}
