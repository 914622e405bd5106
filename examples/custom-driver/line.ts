import { once } from 'node:events'
import { connect } from 'node:net'
import { canceled, MapperError } from '@mapper-sdk/core'

/** A TCP connection on which one line is asked and one line is answered. */
export interface Line {
  /** Rejects if there is no answer; then the connection is gone for good. */
  ask(request: string, signal: AbortSignal): Promise<string>
  /** Fails what is under way. Any number of times. */
  close(): void
}

const longestAnswer = 200

/** Rejects if there is no connection before the signal aborts. */
export async function openLine(host: string, port: number, signal: AbortSignal): Promise<Line> {
  const socket = connect({ host, port, noDelay: true }).setEncoding('utf8')
  let received = ''
  let waiting: { answer(line: string): void; fail(reason: Error): void } | undefined

  // Answers carry no number. One too many, or a late one, could be taken for the answer to the next
  // question; so whatever is not exactly the one line that was asked for ends the connection.
  const fail = (reason: Error) => {
    socket.destroy()
    waiting?.fail(reason)
    waiting = undefined
  }
  socket.on('data', (chunk: string) => {
    received += chunk
    const end = received.indexOf('\n')
    if (waiting === undefined || received.length > longestAnswer) {
      fail(new MapperError('bad_data', 'the oven said something that nobody asked for'))
    } else if (end === received.length - 1) {
      const { answer } = waiting
      waiting = undefined
      const line = received.trim()
      received = ''
      answer(line)
    } else if (end !== -1) fail(new MapperError('bad_data', 'the oven gave two answers at once'))
  })
  socket.on('error', fail)
  socket.on('close', () => fail(new MapperError('unreachable', 'the oven hung up')))

  try {
    await once(socket, 'connect', { signal })
  } catch (thrown) {
    socket.destroy()
    throw signal.aborted ? canceled(signal) : thrown
  }
  return {
    ask: (request, signal) =>
      new Promise((resolve, reject) => {
        if (socket.destroyed) return reject(new MapperError('unreachable', 'the line is down'))
        if (signal.aborted) return reject(canceled(signal))
        const onAbort = () => fail(canceled(signal))
        const done = () => signal.removeEventListener('abort', onAbort)
        signal.addEventListener('abort', onAbort, { once: true })
        waiting = {
          answer: (line) => resolve((done(), line)),
          fail: (reason) => reject((done(), reason)),
        }
        socket.write(`${request}\n`)
      }),
    close: () => fail(new MapperError('canceled', 'the connection was closed')),
  }
}
