// @ts-check
import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * A heater made of software, to try the driver without one. It takes lines of text: `GET name` is
 * answered with the value, `SET name value` with `ok`, and what it refuses with `!` and the reason.
 */
export async function startDevice(port = 0) {
  const values = new Map([
    ['temperature', '21.5'],
    ['target', '30'],
  ])
  /** @type {Set<import('node:net').Socket>} */
  const sockets = new Set()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined)
    socket.setEncoding('latin1').on('data', (/** @type {string} */ request) => {
      device.requests++
      if (!device.silent) socket.write(`${answerTo(request.trim(), values)}\n`)
    })
  })
  await once(server.listen(port, '127.0.0.1'), 'listening')
  const device = {
    port: /** @type {import('node:net').AddressInfo} */ (server.address()).port,
    /** What it has now; change it, and the next `GET` sees it. */
    values,
    /** Questions so far. */
    requests: 0,
    /** While true, questions stay without an answer. */
    silent: false,
    /** Goes towards the target, 5 degrees at most. */
    heat() {
      const temperature = Number(values.get('temperature'))
      const missing = Number(values.get('target')) - temperature
      values.set('temperature', String(temperature + Math.max(-5, Math.min(5, missing))))
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
  return device
}

/** @param {string} request @param {Map<string, string>} values */
function answerTo(request, values) {
  const [verb, name = '', value = ''] = request.split(' ')
  const known = values.get(name)
  if (known === undefined) return '!no such parameter'
  if (verb === 'GET') return known
  if (verb !== 'SET') return '!no such command'
  if (name !== 'target') return '!cannot be set'
  values.set(name, value)
  return 'ok'
}
