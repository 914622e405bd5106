// @ts-check
import { once } from 'node:events'
import { createServer } from 'node:net'
import { createFramer } from '@mapper-sdk/serial'
import { frame } from './line.js'

/**
 * A heater made of software, behind a socket as a device server has it. It takes frames: `name?` and
 * `name=value` are answered with `name=value`, and what it refuses with `name!` and the reason.
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
    const framer = createFramer(frame)
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined)
    socket.on('data', (/** @type {Buffer} */ bytes) => {
      for (const found of framer.push(bytes, performance.now())) {
        if (!found.good) continue
        device.requests++
        const answer = answerTo(Buffer.from(found.payload).toString('latin1'), values)
        const reply = framer.encode(Buffer.from(answer, 'latin1'))
        if (device.hurt) reply[1] ^= 1
        if (!device.silent) socket.write(reply)
      }
    })
  })
  await once(server.listen(port, '127.0.0.1'), 'listening')
  const device = {
    port: /** @type {import('node:net').AddressInfo} */ (server.address()).port,
    /** What it has now; change it, and the next question sees it. */
    values,
    /** Questions so far. */
    requests: 0,
    /** While true, questions stay without an answer. */
    silent: false,
    /** While true, a bit of each answer is wrong. */
    hurt: false,
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
  const [, name = '', verb, value = ''] = /^([a-z]+)([?=])(.*)$/.exec(request) ?? []
  const known = values.get(name)
  if (known === undefined) return `${name}!no such register`
  if (verb === '=' && name !== 'target') return `${name}!cannot be set`
  if (verb === '=') values.set(name, value)
  return `${name}=${values.get(name)}`
}
