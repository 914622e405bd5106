import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { createHeaderRewriter } from './header-rewriter.ts'

/**
 * A connection as an HTTP/2 server can take it. EdgeCore up to KubeEdge 1.17 sends the raw path of
 * our socket as `:authority`, which Node's HTTP/2 refuses before any handler runs; here it becomes
 * `localhost` on the way in. What leaves goes out as it is.
 *
 * A stream that is not sound HTTP/2 is destroyed at once, with `onRefused` called before; it never
 * emits an error for that. Nothing is read while the reader does not ask.
 */
export function withLocalAuthority(socket: Socket, onRefused: (error: unknown) => void): Duplex {
  const rewriter = createHeaderRewriter()
  /** What is still to come of the piece that was read last. */
  let rest: Iterator<Buffer> | undefined
  let ended = false
  let pumping = false

  const pump = () => {
    if (pumping) return
    pumping = true
    try {
      while (rest !== undefined) {
        const next = rest.next()
        if (next.done) rest = undefined
        else if (!duplex.push(next.value)) break
      }
    } catch (error) {
      rest = undefined
      onRefused(error)
      duplex.destroy()
    }
    pumping = false
    if (rest !== undefined) socket.pause()
    else if (ended) duplex.push(null)
    else socket.resume()
  }

  const duplex = new Duplex({
    read: pump,
    write: (chunk: Buffer, _encoding, done) => void socket.write(chunk, (error) => done(error)),
    final: (done) => void socket.end(() => done()),
    destroy: (error, done) => {
      rest = undefined
      socket.destroy()
      done(error)
    },
  })
  socket.on('data', (chunk: Buffer) => {
    rest = rewriter.rewrite(chunk)
    pump()
  })
  socket.on('end', () => {
    ended = true
    pump()
  })
  socket.on('error', () => duplex.destroy())
  socket.on('close', () => duplex.destroy())
  return duplex
}
