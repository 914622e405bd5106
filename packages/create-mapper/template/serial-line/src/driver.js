// @ts-check
import { MapperError } from '@mapper-sdk/core'
import { createFrameLink } from '@mapper-sdk/serial'
import { frame, schemaOf, wireOf } from './line.js'

/** @type {import('@mapper-sdk/core').Driver<{ line: string }, { register: string }>} */
export const driver = {
  protocolName: 'my-protocol',
  protocolSchema: schemaOf('line', '^(/dev/.+|[^/:]+:[0-9]{1,5})$', 'A serial port, or host:port.'),
  visitorSchema: schemaOf('register', '^[a-z]{1,32}$', 'What the device calls it.'),
  // Devices with the same key share one connection.
  connectionKey: ({ line }) => line,
  // A throw here, or below, says that the link is unusable. Core connects anew, later and later.
  async connect({ line }, { lines, signal }) {
    const link = createFrameLink(await lines.open(wireOf(line), signal), frame)
    /** @type {(name: string, what: string, signal: AbortSignal) => Promise<import('./line.js').Said>} */
    const ask = async (name, what, signal) => {
      const isAnswer = (/** @type {Buffer} */ said) => /^[a-z]+/.exec(`${said}`)?.[0] === name
      const said = `${await link.ask(name + what, { signal, isAnswer })}`.slice(name.length)
      if (said.startsWith('=')) return { ok: true, value: said.slice(1) }
      return { ok: false, error: new MapperError('rejected', `the device says: ${name}${said}`) }
    }
    return {
      async read(_protocol, visitors, signal) {
        const outcomes = []
        for (const { register } of visitors) outcomes.push(await ask(register, '?', signal))
        return outcomes
      },
      async write(_protocol, writes, signal) {
        const outcomes = []
        for (const { visitor, value } of writes) {
          const said = await ask(visitor.register, `=${value}`, signal)
          outcomes.push(said.ok ? { ok: said.ok, value: undefined } : said)
        }
        return outcomes
      },
      close: () => link.close(),
    }
  },
}
