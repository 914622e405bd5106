import { Socket } from 'node:net'
import type { MqttClient } from 'mqtt'
import { errorPolicies, MapperError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import { backoffMs, canceled, type Clock } from '../../time.ts'
import { brokerFailure, clientOptions, type BrokerOptions } from './broker-options.ts'

/** A lasting session with one broker, made again whenever it is lost. Keeps nothing while it is away. */
export interface Broker {
  /** Why there is no session now; undefined while there is one. */
  down(): MapperError | undefined
  /**
   * Resolves once the broker has the message (QoS 1). Throws `edge_unavailable` at once without a
   * session, when it ends, and when the broker does not acknowledge in time. The caller bounds how many
   * are under way.
   */
  publish(topic: string, payload: string, signal: AbortSignal): Promise<void>
  /** Messages that mqtt.js has in memory. */
  held(): number
  /** Ends the session in bounded time. Any number of times. */
  close(): Promise<void>
}

export interface BrokerParts {
  /** The session is up only when the broker has confirmed all of them. */
  readonly topics: readonly string[]
  up(): void
  down(reason: MapperError): void
  /** `retained`: from before this session, of unknown age. */
  message(topic: string, payload: Buffer, retained: boolean): void
  readonly logger: Logger
  readonly clock: Clock
  readonly random: () => number
}

interface Session {
  readonly client: MqttClient
  readonly pending: Set<(reason: MapperError) => void>
}
type Life =
  | { readonly tag: 'waiting'; readonly reason: MapperError; readonly cancel: () => void }
  | { readonly tag: 'opening'; readonly reason: MapperError; readonly session: Session }
  | { readonly tag: 'up'; readonly session: Session; readonly since: number }
  | { readonly tag: 'closed' }

/** A session that ends sooner was kicked out; so many in a row are no accident. */
const lastingMs = 5_000
const kicksAtMost = 6
const longPauseMs = 60_000
const endMs = 1_000

/** Throws `invalid_config` for options that can never work. */
export async function openBroker(options: BrokerOptions, parts: BrokerParts): Promise<Broker> {
  const { logger, clock, random } = parts
  const { publishTimeoutMs = 5_000, connectTimeoutMs = 10_000, clientId } = options
  const dialled = clientOptions(options)
  // Only who uses a broker pays for loading its client.
  const { connect } = await import('mqtt')
  const failure = (detail: string) => brokerFailure(new Error(detail), options)
  let attempt = 0
  let kicks = 0
  let said: string | undefined
  let life: Life = { tag: 'closed' }

  const dial = (reason: MapperError) => {
    let client: MqttClient
    try {
      client = connect(dialled.url, { ...dialled.options })
    } catch (thrown) {
      return retry(brokerFailure(thrown, options), false)
    }
    // A message and an acknowledgement one after the other would wait for each other, 40 ms each time.
    if (client.stream instanceof Socket) client.stream.setNoDelay(true)
    const session: Session = { client, pending: new Set() }
    const cancel = clock.after(connectTimeoutMs, () =>
      leave(session, failure(`no session within ${connectTimeoutMs} ms`)),
    )
    session.pending.add(cancel)
    life = { tag: 'opening', reason, session }
    let error: MapperError | undefined
    client.on('error', (thrown) => void (error ??= brokerFailure(thrown, options)))
    client.on('close', () => leave(session, error ?? failure('it ended the connection')))
    client.on('connect', () => {
      client.subscribe([...parts.topics], { qos: 1 }, (thrown) => {
        if (thrown !== null) return leave(session, brokerFailure(thrown, options))
        if (life.tag !== 'opening' || life.session !== session) return
        cancel()
        session.pending.delete(cancel)
        life = { tag: 'up', session, since: clock.now() }
        said = undefined
        logger.info({ broker: options.url }, 'the MQTT broker is there')
        parts.up()
      })
    })
    client.on('message', (topic, payload, { retain }) => {
      if (life.tag === 'up' && life.session === session) parts.message(topic, payload, retain)
    })
  }

  /** The end of a session, for whatever reason; the first reason counts. */
  const leave = (session: Session, reason: MapperError) => {
    if ((life.tag !== 'up' && life.tag !== 'opening') || life.session !== session) return
    const upFor = life.tag === 'up' ? clock.now() - life.since : undefined
    if (upFor !== undefined && upFor >= lastingMs) {
      attempt = 0
      kicks = 0
    }
    for (const end of session.pending) end(reason)
    void dispose(session.client, clock)
    retry(reason, upFor !== undefined && upFor < lastingMs)
    if (upFor !== undefined) parts.down(reason)
  }

  const retry = (reason: MapperError, kicked: boolean) => {
    const wait = kicked && ++kicks >= kicksAtMost ? kickedOut() : pauseMs(reason)
    life = { tag: 'waiting', reason, cancel: clock.after(wait, () => dial(reason)) }
    logger[said === reason.detail ? 'debug' : 'warn']({ err: reason, wait }, 'no MQTT broker')
    said = reason.detail
  }
  const longPause = () => longPauseMs * (0.5 + random())
  const pauseMs = ({ code }: MapperError): number =>
    errorPolicies[code].retry === 'seldom' ? longPause() : backoffMs(attempt++, random, 200, 10_000)
  const kickedOut = (): number => {
    logger[kicks === kicksAtMost ? 'error' : 'debug'](
      { clientId, broker: options.url },
      `the MQTT broker ended ${kicks} sessions of client id "${clientId}" soon after they began; if another client has the same id, give one of them another name`,
    )
    return longPause()
  }

  dial(failure('not connected yet'))

  return {
    down() {
      if (life.tag === 'up') return undefined
      return life.tag === 'closed' ? new MapperError('canceled', 'closed') : life.reason
    },
    held() {
      if (life.tag !== 'up' && life.tag !== 'opening') return 0
      const { queue, outgoing } = life.session.client
      return queue.length + Object.keys(outgoing).length
    },
    async publish(topic, payload, signal) {
      if (signal.aborted) throw canceled(signal)
      if (life.tag === 'closed') throw new MapperError('canceled', 'the MQTT session is closed')
      if (life.tag !== 'up') throw new MapperError('edge_unavailable', life.reason.detail)
      const { session } = life
      await new Promise<void>((resolve, reject) => {
        const finish = (settle: () => void) => {
          cancel()
          session.pending.delete(onEnd)
          signal.removeEventListener('abort', onAbort)
          settle()
        }
        const onEnd = ({ code, detail }: MapperError) =>
          finish(() =>
            reject(new MapperError(code === 'canceled' ? code : 'edge_unavailable', detail)),
          )
        const onAbort = () => finish(() => reject(canceled(signal)))
        // A broker that acknowledges no more is lost; its session goes, and the message with it.
        const cancel = clock.after(publishTimeoutMs, () =>
          leave(session, failure(`it did not take a message within ${publishTimeoutMs} ms`)),
        )
        session.pending.add(onEnd)
        signal.addEventListener('abort', onAbort, { once: true })
        session.client.publish(topic, payload, { qos: 1 }, (thrown) => {
          if (thrown) onEnd(brokerFailure(thrown, options))
          else finish(resolve)
        })
      })
    },
    async close() {
      const last = life
      life = { tag: 'closed' }
      if (last.tag === 'waiting') last.cancel()
      if (last.tag !== 'up' && last.tag !== 'opening') return
      const { client, pending } = last.session
      for (const end of pending) end(new MapperError('canceled', 'the MQTT session is closed'))
      await dispose(client, clock)
    },
  }
}

/** mqtt.js may never call back from an end; it is left behind then, with its socket destroyed. */
function dispose(client: MqttClient, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(endMs, () => {
      client.stream.destroy()
      resolve()
    })
    const done = () => {
      cancel()
      resolve()
    }
    if (client.stream.closed) done()
    client.end(true, done)
  })
}
