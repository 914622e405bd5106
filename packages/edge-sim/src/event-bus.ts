import { MapperError, type Logger } from '@mapper-sdk/core'
import { connect, type MqttClient } from 'mqtt'
import { randomUUID } from 'node:crypto'

/** EdgeCore's way to the broker beside it, for as long as one EdgeCore runs. */
export interface EventBus {
  /** Once the first attempt to connect has ended, well (subscriptions included) or badly. */
  readonly settled: Promise<void>
  /** QoS 1, not retained; lost if the broker is not there. */
  publish(topic: string, message: object): void
  stop(): Promise<void>
}

/** Connects, and connects again whenever the broker goes and comes. Throws `invalid_config` for a bad URL. */
export function startEventBus(options: {
  readonly url: string
  readonly topics: readonly string[]
  readonly onMessage: (topic: string, payload: string) => void
  readonly onConnected: (connected: boolean) => void
  readonly logger: Logger
}): EventBus {
  const { url, topics, onMessage, onConnected, logger } = options
  const client = open(url)
  let connected = false
  let settle = () => {}
  const settled = new Promise<void>((resolve) => (settle = resolve))
  client.on('connect', () => {
    client.subscribe([...topics], { qos: 1 }, (error) => {
      if (error) return void logger.warn({ err: error, url }, 'the broker takes no subscription')
      connected = true
      logger.info({ url }, 'the event bus is connected')
      onConnected(true)
      settle()
    })
  })
  client.on('close', () => {
    if (connected) {
      logger.warn({ url }, 'the event bus lost its broker')
      onConnected(false)
    }
    connected = false
    settle()
  })
  client.on('error', (error) => logger.warn({ err: error, url }, 'the event bus has no broker'))
  client.on('message', (topic, payload) => onMessage(topic, payload.toString('utf8')))
  return {
    settled,
    publish(topic, message) {
      // What cannot be sent now must not pile up.
      if (connected) client.publish(topic, JSON.stringify(message), { qos: 1 })
    },
    async stop() {
      settle()
      await client.endAsync(true)
    },
  }
}

const schemes = ['mqtt:', 'mqtts:', 'tcp:', 'tls:', 'ws:', 'wss:']

function open(url: string): MqttClient {
  if (!URL.canParse(url) || !schemes.includes(new URL(url).protocol)) {
    const message = `mqtt: ${url} is not the URL of a broker; write it like mqtt://127.0.0.1:1883`
    throw new MapperError('invalid_config', message)
  }
  return connect(url, {
    clientId: `edgecore-${randomUUID().slice(0, 8)}`,
    clean: true,
    resubscribe: false,
    reconnectPeriod: 500,
    connectTimeout: 5000,
  })
}
