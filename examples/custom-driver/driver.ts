import { MapperError, type Driver, type Outcome } from '@mapper-sdk/core'
import { openLine } from './line.ts'

/** `spec.protocol.configData` of an oven. */
interface OvenProtocol {
  readonly host: string
  readonly port: number
}

/** `visitors.configData` of a property of an oven. */
interface OvenVisitor {
  readonly parameter: string
}

/** Laboratory ovens that speak lines of text over TCP: `GET name`, `SET name value`. */
export const driver: Driver<OvenProtocol, OvenVisitor> = {
  protocolName: 'oven',
  protocolSchema: {
    type: 'object',
    properties: {
      host: { type: 'string', minLength: 1, description: 'Host name or IP address.' },
      port: {
        type: 'integer',
        minimum: 1,
        maximum: 65_535,
        default: 4001,
        description: 'TCP port.',
      },
    },
    required: ['host'],
  },
  visitorSchema: {
    type: 'object',
    properties: {
      parameter: {
        type: 'string',
        pattern: '^[a-z]{1,32}$',
        description: 'What the oven calls it.',
      },
    },
    required: ['parameter'],
  },
  connectionKey: ({ host, port }) => `${host}:${port}`,
  async connect({ host, port }, { signal: connecting }) {
    const line = await openLine(host, port, connecting)
    return {
      async read(_protocol, visitors, signal) {
        const outcomes: Outcome<string>[] = []
        for (const { parameter } of visitors) {
          outcomes.push(outcomeOf(await line.ask(`GET ${parameter}`, signal)))
        }
        return outcomes
      },
      async write(_protocol, writes, signal) {
        const outcomes: Outcome<void>[] = []
        for (const { visitor, value } of writes) {
          const said = outcomeOf(await line.ask(`SET ${visitor.parameter} ${value}`, signal))
          outcomes.push(said.ok ? { ok: true, value: undefined } : said)
        }
        return outcomes
      },
      close: async () => line.close(),
    }
  },
}

/** The oven says no with a line that begins with `!`. The next parameter may still be fine. */
function outcomeOf(answer: string): Outcome<string> {
  if (!answer.startsWith('!')) return { ok: true, value: answer }
  return { ok: false, error: new MapperError('rejected', `the oven says: ${answer.slice(1)}`) }
}
