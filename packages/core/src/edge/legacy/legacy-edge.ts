import { splitId } from '../../device.ts'
import { MapperError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import { canceled, systemClock, type Clock } from '../../time.ts'
import type { Edge, EdgeEvents, EdgeLimits, EdgeLink, Refusal, TwinUpdate } from '../edge.ts'
import { clientIdOf, type BrokerOptions } from '../mqtt/broker-options.ts'
import { openBroker } from '../mqtt/broker.ts'
import { createAnswers } from './answers.ts'
import { createCatalog } from './catalog.ts'
import { readWishes } from './desired.ts'
import {
  encodeData,
  encodeGet,
  encodeState,
  encodeTwins,
  readResult,
  readTopic,
  subscriptions,
  topics,
  type Result,
} from './messages.ts'
import type { LegacyDevice } from './profile.ts'

export interface LegacyMqttOptions {
  /** deviceProfile.json as CloudCore writes it for a node. May come later; is read again when it changes. */
  readonly profileFile: string
  /** Only devices of this protocol are served. */
  readonly protocolName: string
  /** EdgeCore's broker. `clientId`: made of protocol and node if left out. */
  readonly broker: Omit<BrokerOptions, 'clientId'> & { readonly clientId?: string }
  /** Tells mappers of several nodes at one broker apart. */
  readonly nodeName?: string
  /** How long EdgeCore may take to answer a message; 3000 if left out. */
  readonly answerTimeoutMs?: number
  readonly logger: Logger
  readonly clock?: Clock
  readonly random?: () => number
}

/** No limit is known of the broker; this keeps a small one at ease. */
const limits: EdgeLimits = {
  callsPerSecond: 50,
  burst: 50,
  twinsPerSecond: Infinity,
  twinsPerCall: 200,
}

const askAtOnce = 20

/**
 * The link of KubeEdge 1.14 and older: devices from a file, wishes and reports over EdgeCore's MQTT
 * broker. The link is up while the broker is there. Throws `invalid_config` when it is opened with
 * broker options that can never work.
 */
export function createLegacyMqttEdge(options: LegacyMqttOptions): Edge {
  return { limits, open: (events, signal) => openLink(options, events, signal) }
}

async function openLink(
  options: LegacyMqttOptions,
  events: EdgeEvents,
  signal: AbortSignal,
): Promise<EdgeLink> {
  const { profileFile, protocolName, nodeName = '', clock = systemClock } = options
  const { answerTimeoutMs: answerMs = 3_000 } = options
  const { logger, random = Math.random } = options
  const ended = new AbortController()
  const results = createAnswers<Result>(clock)
  const gets = createAnswers<true>(clock)
  /** `silent`: it takes messages, but nobody ever answered one. */
  let edgecore: 'unknown' | 'answers' | 'silent' = 'unknown'
  let counter = 0
  const session = Math.floor(random() * 2 ** 32).toString(36)

  const broker = await openBroker(
    { clientId: clientIdOf(`${protocolName}-legacy-${nodeName}`), ...options.broker },
    {
      topics: subscriptions,
      up: () => events.link(true),
      down: ({ detail }) => events.link(false, detail),
      message(topic, payload, retained) {
        // EdgeCore retains nothing: what was kept is of unknown age, and not from it.
        if (!retained && payload.length <= largestMessage) receive(topic, payload.toString('utf8'))
      },
      ...{ logger, clock, random },
    },
  )
  const catalog = createCatalog({
    ...{ profileFile, protocolName, events, logger, clock },
    appeared: (names) => {
      if (broker.down() === undefined) void ask(names, ended.signal).catch(() => undefined)
    },
  })

  const receive = (topic: string, payload: string) => {
    const about = readTopic(topic)
    if (about === undefined) return
    if (about.kind === 'updated') {
      const result = readResult(payload)
      if (result !== undefined && results.got(result.eventId, result)) edgecore = 'answers'
      return
    }
    if (catalog.device(about.name) === undefined) return
    catalog.wish(about.name, readWishes(payload))
    if (about.kind === 'got') gets.got(about.name, true)
  }

  /**
   * Asks EdgeCore for the wishes of devices; those made while nobody listened come this way only. Who
   * gets no answer is asked again in the background: EdgeCore may still be starting.
   */
  const ask = async (names: readonly string[], signal: AbortSignal, tries = 3): Promise<void> => {
    const asked: Promise<string | undefined>[] = []
    for (let start = 0; start < names.length; start += askAtOnce) {
      const some = names.slice(start, start + askAtOnce)
      const answer = (name: string) =>
        gets.wait(name, answerMs, signal).then((got) => (got ? name : undefined))
      asked.push(...some.map((name) => answer(name).catch(() => undefined)))
      // Where publishing fails, the link goes down, and all is asked again when it is back.
      await Promise.allSettled(
        some.map((name) => broker.publish(topics.twinGet(name), encodeGet(clock.wall()), signal)),
      )
    }
    const answered = new Set(await Promise.all(asked))
    if (signal.aborted) throw canceled(signal)
    if (broker.down() !== undefined) return
    const silent = names.filter((name) => !answered.has(name))
    for (const name of names) if (tries === 1 || answered.has(name)) catalog.trust(name)
    if (silent.length > 0 && tries > 1) {
      void ask(silent, ended.signal, tries - 1).catch(() => undefined)
    }
  }

  const send = async (
    device: LegacyDevice,
    updates: readonly TwinUpdate[],
    signal: AbortSignal,
  ): Promise<Refusal[]> => {
    const { message, refused } = encodeTwins(device, updates, clock.wall())
    const { name } = device.device
    if (message === undefined) return [...refused]
    const eventId = `${session}-${counter++}`
    const answer = edgecore === 'silent' ? undefined : results.wait(eventId, answerMs, signal)
    // Never left without a handler, also when publishing fails first.
    const settled = answer?.catch(() => undefined)
    await broker.publish(topics.twinUpdate(name), message(eventId), signal)
    const result = await settled
    if (signal.aborted) throw canceled(signal)
    if (result === undefined) {
      if (edgecore === 'answers') {
        throw new MapperError('edge_unavailable', 'EdgeCore does not answer over MQTT')
      }
      if (edgecore === 'unknown') {
        edgecore = 'silent'
        logger.warn('EdgeCore answers no report; whether it takes them cannot be told')
      }
      return [...refused]
    }
    if (result.code === 0) return [...refused]
    if (result.code !== 400) {
      throw new MapperError('rejected', `EdgeCore: ${result.reason} (${result.code})`)
    }
    // It refuses all for the sake of one: alone, each shows whether it is the one.
    const sent = updates.filter(
      ({ property }) => !refused.some((each) => each.property === property),
    )
    const [only, ...others] = sent
    if (only === undefined) return [...refused]
    if (others.length === 0) return [...refused, { property: only.property, reason: result.reason }]
    const found = [...refused]
    for (const update of sent) found.push(...(await send(device, [update], signal)))
    return found
  }

  const assertUp = (signal: AbortSignal) => {
    if (signal.aborted) throw canceled(signal)
    if (ended.signal.aborted) throw new MapperError('canceled', 'the link is closed')
    const reason = broker.down()
    if (reason !== undefined) throw new MapperError('edge_unavailable', reason.detail)
  }

  const shutDown = async () => {
    signal.removeEventListener('abort', onAbort)
    ended.abort(new MapperError('canceled', 'the link is closed'))
    catalog.close()
    await broker.close()
  }
  let closing: Promise<void> | undefined
  const close = () => (closing ??= shutDown())
  const onAbort = () => void close()
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()

  return {
    async register(given) {
      assertUp(given)
      const signal = AbortSignal.any([given, ended.signal])
      await catalog.read()
      await ask(catalog.names(), signal)
      assertUp(given)
      return catalog.registration()
    },
    async reportTwins({ device: id, twins }, given) {
      assertUp(given)
      const device = catalog.device(splitId(id).name)
      if (device === undefined) return 'accepted'
      const signal = AbortSignal.any([given, ended.signal])
      const data = encodeData(device, twins, clock.wall())
      if (data !== undefined) await broker.publish(device.data.topic, data, signal)
      const refused = await send(device, twins, signal)
      const isRefused = (property: string) => refused.some((each) => each.property === property)
      const again = twins.filter(({ property, first }) => first && !isRefused(property))
      if (again.length > 0) await send(device, again, signal)
      return refused.length === 0 ? 'accepted' : { refused }
    },
    async reportState(id, state, given) {
      assertUp(given)
      const { name } = splitId(id)
      if (catalog.device(name) === undefined) return 'accepted'
      const signal = AbortSignal.any([given, ended.signal])
      await broker.publish(topics.stateUpdate(name), encodeState(state, clock.wall()), signal)
      return 'accepted'
    },
    close,
  }
}

/** More than all twins of any device. */
const largestMessage = 4 * 1024 * 1024
