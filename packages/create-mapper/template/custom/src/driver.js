// @ts-check
import { MapperError } from '@mapper-sdk/core'
import { openLink } from './link.js'

/** @typedef {{ host: string, port: number }} Protocol `spec.protocol.configData` of a device */
/** @typedef {{ parameter: string }} Visitor `visitors.configData` of a property */

/** @type {import('@mapper-sdk/core').Driver<Protocol, Visitor>} */
export const driver = {
  protocolName: 'my-protocol',
  // Core checks both configurations and fills in the defaults before the driver sees them.
  protocolSchema: {
    type: 'object',
    properties: {
      host: { type: 'string', minLength: 1, description: 'Host name or IP address.' },
      port: { type: 'integer', minimum: 1, maximum: 65535, default: 4001, description: 'Port.' },
    },
    required: ['host'],
  },
  visitorSchema: {
    type: 'object',
    properties: {
      parameter: { type: 'string', pattern: '^[a-z]{1,32}$', description: 'Its name.' },
    },
    required: ['parameter'],
  },
  // Devices with the same key share one connection.
  connectionKey: ({ host, port }) => `${host}:${port}`,
  // A throw here, or below, says that the link is unusable. Core connects anew, later and later.
  async connect({ host, port }, { lines, signal }) {
    const wire = { kind: /** @type {const} */ ('tcp'), host, port, connectTimeoutMs: 5000 }
    const link = openLink(await lines.open(wire, signal))
    return {
      // All that is due at once, in one call: one outcome for each, in the same order.
      async read(_protocol, visitors, signal) {
        const outcomes = []
        for (const { parameter } of visitors) {
          outcomes.push(outcomeOf(await link.ask(`GET ${parameter}`, signal)))
        }
        return outcomes
      },
      // Values have the type of the model already, and lie within its limits.
      async write(_protocol, writes, signal) {
        const outcomes = []
        for (const { visitor, value } of writes) {
          const said = outcomeOf(await link.ask(`SET ${visitor.parameter} ${value}`, signal))
          outcomes.push(said.ok ? { ok: said.ok, value: undefined } : said)
        }
        return outcomes
      },
      close: () => link.close(),
    }
  },
}

/** The device says no with `!`: for one item. @returns {import('@mapper-sdk/core').Outcome<string>} */
function outcomeOf(/** @type {string} */ answer) {
  if (!answer.startsWith('!')) return { ok: true, value: answer }
  return { ok: false, error: new MapperError('rejected', `the device says: ${answer.slice(1)}`) }
}
