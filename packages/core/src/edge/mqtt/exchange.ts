import type { DeviceState, Id } from '../../device.ts'
import { MapperError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import { canceled, type Clock } from '../../time.ts'
import type { TwinUpdate } from '../edge.ts'
import {
  decodeResult,
  encodeState,
  encodeTwins,
  stateTopic,
  twinTopic,
  type UpdateResult,
} from './payload.ts'

/** What EdgeCore said of one message. `silent`: nothing in time. */
export type Answer =
  | { readonly tag: 'accepted' }
  | { readonly tag: 'refused'; readonly code: number; readonly reason: string }
  | { readonly tag: 'silent' }

/** One message to EdgeCore and its answer. Throws `edge_unavailable` if the broker did not take it, `canceled`. */
export interface Exchange {
  twins(
    device: Id,
    twins: readonly TwinUpdate[],
    withoutExpected: (property: string) => boolean,
    signal: AbortSignal,
  ): Promise<Answer>
  state(device: Id, state: DeviceState, signal: AbortSignal): Promise<Answer>
  /** A message on one of the result topics. */
  take(topic: string, payload: Buffer): void
  /** No answer will come: calls under way throw this, as `canceled` or `edge_unavailable`. */
  fail(reason: MapperError): void
  /** Messages that EdgeCore never wrote. */
  readonly garbage: number
}

export interface ExchangeOptions {
  readonly publish: (topic: string, payload: string, signal: AbortSignal) => Promise<void>
  readonly resultTimeoutMs: number
  readonly logger: Logger
  readonly clock: Clock
  readonly random: () => number
}

interface Waiting {
  readonly accepts: (result: UpdateResult) => boolean
  settle(answer: Answer | MapperError): void
}

export function createExchange(options: ExchangeOptions): Exchange {
  const { publish, resultTimeoutMs, logger, clock, random } = options
  // Nobody else's: EdgeCore answers all who use the broker on the same topics.
  const prefix = `${Math.floor(random() * 2 ** 40).toString(36)}-${clock.wall().toString(36)}-`
  const waiting = new Set<Waiting>()
  let count = 0
  let garbage = 0

  const ask = (
    topic: string,
    payload: string,
    accepts: Waiting['accepts'],
    signal: AbortSignal,
  ): Promise<Answer> =>
    new Promise((resolve, reject) => {
      if (signal.aborted) return reject(canceled(signal))
      const entry: Waiting = {
        accepts,
        settle(answer) {
          if (!waiting.delete(entry)) return
          cancel()
          signal.removeEventListener('abort', onAbort)
          if (answer instanceof MapperError) reject(answer)
          else resolve(answer)
        },
      }
      const onAbort = () => entry.settle(canceled(signal))
      const cancel = clock.after(resultTimeoutMs, () => entry.settle({ tag: 'silent' }))
      signal.addEventListener('abort', onAbort, { once: true })
      waiting.add(entry)
      // The answer may well come before the broker's acknowledgement.
      publish(topic, payload, signal).catch((thrown: unknown) =>
        entry.settle(MapperError.from(thrown, 'edge_unavailable')),
      )
    })

  const unroutable = (device: Id) =>
    new MapperError('rejected', `${device} cannot be named in an MQTT topic`)

  return {
    async twins(device, twins, withoutExpected, signal) {
      const topic = twinTopic(device)
      if (topic === undefined) throw unroutable(device)
      const eventId = `${prefix}${count++}`
      const payload = encodeTwins(eventId, clock.wall(), twins, withoutExpected)
      return ask(topic, payload, (result) => result.eventId === eventId, signal)
    },
    async state(device, state, signal) {
      const topic = stateTopic(device)
      if (topic === undefined) throw unroutable(device)
      const eventId = `${prefix}${count++}`
      // EdgeCore answers a state with an event id of its own.
      const accepts = (result: UpdateResult) =>
        result.eventId === eventId ||
        (result.kind === 'state' &&
          topic.endsWith(`/${result.device}/state/update`) &&
          result.state === state)
      return ask(topic, encodeState(eventId, clock.wall(), state), accepts, signal)
    },
    take(topic, payload) {
      const twins = topic.endsWith('/twin/update/result')
      const anonymous = topic === '$hw/events/device//twin/update/result'
      // Most answers are to others, or to reports over DMI: those are not even read.
      if (waiting.size === 0 || (twins && !anonymous && !payload.includes(prefix))) return
      const result = decodeResult(topic, payload)
      if (result === undefined) {
        logger[garbage++ === 0 ? 'warn' : 'debug'](
          { topic, bytes: payload.length },
          'a message on a topic of EdgeCore is none of its answers; dropped',
        )
        return
      }
      if (anonymous && result.kind === 'refused') {
        logger.debug({ reason: result.reason }, 'EdgeCore could not read a message of somebody')
        return
      }
      for (const entry of waiting) {
        if (!entry.accepts(result)) continue
        if (result.kind !== 'refused') return entry.settle({ tag: 'accepted' })
        const { code, reason } = result
        return entry.settle({ tag: 'refused', code, reason })
      }
    },
    fail(reason) {
      for (const entry of [...waiting]) {
        entry.settle(
          reason.code === 'canceled' ? reason : new MapperError('edge_unavailable', reason.detail),
        )
      }
    },
    get garbage() {
      return garbage
    },
  }
}
