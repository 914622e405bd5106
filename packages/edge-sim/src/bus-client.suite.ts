import { connectAsync } from 'mqtt'
import { onTestFinished } from 'vitest'
import { startMosquitto, requireMosquitto } from '../../../test/support/mosquitto.ts'
import { until } from '../../../test/support/until.ts'
import type { EdgeSimOptions } from './edge-sim-options.ts'
import { startSim } from './raw-mapper.suite.ts'

export interface BusMessage {
  readonly topic: string
  readonly body: Readonly<Record<string, unknown>>
  readonly qos: number
  readonly retain: boolean
}

/** A stand-in with a real broker, and a client of that broker that hears all that EdgeCore says. */
export async function startBus(
  context: { skip(note?: string): never },
  options: Partial<EdgeSimOptions> = {},
) {
  requireMosquitto(context)
  const broker = await startMosquitto()
  onTestFinished(() => broker.stop())
  const started = await startSim({ ...options, mqtt: { url: broker.url } })
  const client = await connectAsync(broker.url, { reconnectPeriod: 100, protocolVersion: 5 })
  onTestFinished(() => client.endAsync(true))
  const heard: BusMessage[] = []
  client.on('message', (topic, payload, { qos, retain }) => {
    heard.push({ topic, qos, retain, body: JSON.parse(payload.toString()) as BusMessage['body'] })
  })
  // Without what it says itself; once more by itself whenever the broker comes back.
  await client.subscribeAsync('$hw/events/#', { qos: 1, nl: true })
  const say = (topic: string, payload: object | string) =>
    client.publishAsync(
      `$hw/events/${topic}`,
      typeof payload === 'string' ? payload : JSON.stringify(payload),
      { qos: 1 },
    )
  /** The next message on a topic that fits, of those not yet asked for. */
  const hear = async (topic: string, fits: (body: BusMessage['body']) => boolean = () => true) => {
    const found = await until(
      `a message on ${topic}`,
      () => {
        const at = heard.findIndex((one) => one.topic === `$hw/events/${topic}` && fits(one.body))
        return at < 0 ? undefined : heard.splice(at, 1)[0]
      },
      (message) => message !== undefined,
    )
    return found as BusMessage
  }
  let asked = 0
  return {
    ...started,
    ...{ broker, client, heard, say, hear },
    /** Sends an update and gives the body of its result. */
    async update(device: string, twin: object) {
      const event_id = `ask-${++asked}`
      await say(`device/${device}/twin/update`, { event_id, timestamp: 0, twin })
      const { body } = await hear(
        `device/${device}/twin/update/result`,
        (one) => one['event_id'] === event_id,
      )
      return body
    },
    connected: (now = true) =>
      until(
        'the event bus',
        () => started.sim.stats().mqtt.connected,
        (is) => is === now,
      ),
  }
}
