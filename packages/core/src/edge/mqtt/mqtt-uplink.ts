import { splitId, type Id } from '../../device.ts'
import { MapperError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import { systemClock, type Clock } from '../../time.ts'
import { isRoutable } from '../dmi/encode.ts'
import type { Edge, EdgeEvents, EdgeLimits, EdgeLink } from '../edge.ts'
import { openBroker, type Broker } from './broker.ts'
import type { BrokerOptions } from './broker-options.ts'
import { createExchange, type Answer } from './exchange.ts'
import { createGate } from './gate.ts'
import { resultTopics } from './payload.ts'
import { createTwinReporter, sortTwins, type Heard } from './report-twins.ts'
import { createTrust } from './trust.ts'

export interface MqttUplinkOptions {
  /** `auto`: by DMI until EdgeCore is known to hear. `mqtt`: twins wait until then. */
  readonly mode: 'auto' | 'mqtt'
  readonly broker: BrokerOptions
  readonly logger: Logger
  readonly clock?: Clock
  readonly random?: () => number
  /** How long EdgeCore may take to answer a message; 5000 if left out. */
  readonly resultTimeoutMs?: number
  /** The longest time between two tries while EdgeCore does not answer; 60000 if left out. */
  readonly proveEveryMs?: number
}

/** EdgeCore does not limit messages of the broker; these are what it worked off at ease. */
const mqttLimits = {
  callsPerSecond: 50,
  burst: 50,
  twinsPerSecond: Infinity,
  twinsPerCall: 200,
  callsAtOnce: 16,
} satisfies EdgeLimits

/**
 * Registers and receives by DMI; twins and states go over the broker of EdgeCore's eventBus, which has
 * no limit on calls, once EdgeCore has answered there. `open` throws `invalid_config` for a broker that
 * can never be reached as configured; one that is only away is waited for.
 *
 * Over the broker `accepted` means that EdgeCore said so, and a twin that it refuses is named.
 */
export function withMqttUplink(dmi: Edge, options: MqttUplinkOptions): Edge {
  return {
    limits: dmi.limits,
    open: (events, signal) => openUplink(dmi, options, events, signal),
  }
}

async function openUplink(
  dmi: Edge,
  options: MqttUplinkOptions,
  events: EdgeEvents,
  signal: AbortSignal,
): Promise<EdgeLink> {
  const { mode, logger, clock = systemClock, random = Math.random } = options
  const { resultTimeoutMs = 5_000, proveEveryMs = 60_000 } = options
  const ended = new AbortController()
  const gate = createGate(mqttLimits.callsAtOnce)
  const { url } = options.broker
  /** EdgeCore was silent on a state: until then states go by DMI. */
  let statesQuietUntil = 0

  const trust = createTrust({
    random,
    proveEveryMs,
    onChange(proven) {
      if (ended.signal.aborted) return
      logger.info(
        { broker: url },
        proven
          ? 'EdgeCore answers over MQTT; twins and states go there now'
          : 'twins and states go over MQTT no more',
      )
      events.route(proven ? mqttLimits : undefined)
    },
  })
  const exchange = createExchange({
    ...{ resultTimeoutMs, logger, clock, random },
    publish: (topic, payload, each) => broker.publish(topic, payload, each),
  })

  let edgecoreUp = false
  let brokerUp = false
  const judge = () => (edgecoreUp && brokerUp ? trust.begin(clock.now()) : trust.end())
  const broker: Broker = await openBroker(options.broker, {
    topics: resultTopics,
    ...{ logger, clock, random },
    up() {
      brokerUp = true
      judge()
    },
    down(reason) {
      brokerUp = false
      judge()
      exchange.fail(reason)
    },
    message(topic, payload, retained) {
      // EdgeCore retains nothing: such a message is older than what it would answer.
      if (!retained) exchange.take(topic, payload)
    },
  })
  const link = await dmi
    .open(
      {
        ...events,
        link(up, reason) {
          // EdgeCore went or came back: its eventBus has to show again that it hears.
          if (up !== edgecoreUp) {
            edgecoreUp = up
            judge()
          }
          events.link(up, reason)
        },
      },
      signal,
    )
    .catch(async (thrown: unknown) => {
      await broker.close()
      throw thrown
    })

  /** What an answer, or none, says of the way; silence becomes an error. */
  const judged = async (asked: Promise<Answer>): Promise<Heard> => {
    const answer = await asked.catch((thrown: unknown) => {
      const { code } = MapperError.from(thrown)
      // A call that was given up says nothing.
      if (code === 'edge_unavailable') trust.missed(clock.now())
      else trust.unusable(clock.now())
      throw thrown
    })
    if (answer.tag === 'silent') {
      trust.missed(clock.now())
      throw new MapperError(
        'edge_unavailable',
        `EdgeCore did not answer over ${url} within ${resultTimeoutMs} ms; is its eventBus on, and at this broker?`,
      )
    }
    if (answer.tag === 'refused' && answer.code !== 400) trust.unusable(clock.now())
    else trust.answered()
    return answer
  }
  const overMqtt = createTwinReporter((...message) => judged(exchange.twins(...message)))

  /**
   * EdgeCore answers an update of no twins as any other. It changes nothing, so it may come late: a
   * report that goes both ways could arrive after the one that follows it over DMI.
   */
  const prove = async (device: Id) => {
    try {
      await judged(exchange.twins(device, [], () => false, ended.signal))
    } catch (thrown) {
      logger.debug({ err: MapperError.from(thrown) }, 'twins do not go over MQTT yet')
    }
  }

  const shutDown = async () => {
    ended.abort(closed())
    signal.removeEventListener('abort', onAbort)
    exchange.fail(closed())
    await Promise.all([broker.close(), link.close()])
  }
  let closing: Promise<void> | undefined
  const close = () => (closing ??= shutDown())
  const onAbort = () => void close()
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()

  return {
    register: link.register,
    async reportTwins(report, each) {
      if (ended.signal.aborted) throw closed()
      const { device } = report
      // What EdgeCore cannot route is lost either way; here its silence would tell on all others.
      if (!isRoutable(splitId(device).namespace)) return link.reportTwins(report, each)
      if (trust.proven) return gate(() => overMqtt(report, each), each)
      if (mode === 'auto') {
        if (trust.mayProve(clock.now())) void prove(device)
        return link.reportTwins(report, each)
      }
      const { legal, refused } = sortTwins(report)
      if (legal.length === 0) return { refused }
      if (trust.mayProve(clock.now())) return gate(() => overMqtt(report, each), each)
      throw new MapperError(
        'edge_unavailable',
        broker.down()?.detail ?? `EdgeCore has not answered over ${url} yet`,
      )
    },
    async reportState(device, state, each) {
      if (ended.signal.aborted) throw closed()
      const routable = isRoutable(splitId(device).namespace)
      if (!trust.proven || !routable || clock.now() < statesQuietUntil) {
        return link.reportState(device, state, each)
      }
      const answer = await gate(() => exchange.state(device, state, each), each)
      switch (answer.tag) {
        case 'accepted':
          trust.answered()
          return 'accepted'
        case 'refused':
          throw new MapperError(
            'rejected',
            `EdgeCore refused a state of ${device}: ${answer.reason}`,
          )
        case 'silent':
          // No answer to a device or a state that it does not know: not a sign that it hears nothing.
          statesQuietUntil = clock.now() + proveEveryMs
          return link.reportState(device, state, each)
      }
    },
    close,
  }
}

const closed = () => new MapperError('canceled', 'the link to EdgeCore is closed')
