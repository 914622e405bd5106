// @ts-check
import { canceled, MapperError } from '@mapper-sdk/core'

const longestAnswer = 200

/**
 * Asks a line of text, and takes a line of text for the answer.
 * @param {import('@mapper-sdk/core/line').Line} line
 */
export function openLink(line) {
  let received = ''
  /** @type {MapperError | undefined} */
  let ended
  /** @type {{ resolve(answer: string): void, reject(reason: MapperError): void } | undefined} */
  let waiting

  const fail = (/** @type {MapperError} */ reason) => {
    ended ??= reason
    waiting?.reject(reason)
    waiting = undefined
  }
  // Answers carry no number. One too many, or a late one, could be taken for the answer to the next
  // question; so whatever is not exactly the one line that was asked for ends the connection.
  line.listen((bytes) => {
    received += bytes.toString('latin1')
    const end = received.indexOf('\n')
    if (waiting === undefined || received.length > longestAnswer) {
      line.drop(new MapperError('bad_data', 'the device said something that nobody asked for'))
    } else if (end === received.length - 1) {
      waiting.resolve(received.trim())
      waiting = undefined
      received = ''
    } else if (end !== -1) line.drop(new MapperError('bad_data', 'the device gave two answers'))
  }, fail)

  /** @param {string} request @param {AbortSignal} signal @returns {Promise<string>} */
  async function exchange(request, signal) {
    if (ended !== undefined) throw ended
    const onAbort = () => line.drop(canceled(signal))
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      /** @type {Promise<string>} */
      const answer = new Promise((resolve, reject) => (waiting = { resolve, reject }))
      await Promise.all([answer, line.write(Buffer.from(`${request}\n`))])
      return await answer
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  return {
    /** @param {string} request @param {AbortSignal} signal */
    ask: (request, signal) => line.turn(() => exchange(request, signal), { signal }),
    /** Fails what is under way. Any number of times. */
    async close() {
      fail(new MapperError('canceled', 'the connection was closed'))
      await line.close()
    },
  }
}
