import { MapperError, type Logger } from '@mapper-sdk/core'
import type {
  DataValue,
  MonitoredItemCreateRequestOptions,
  NotificationMessage,
  RepublishResponse,
  StatusCode,
  Variant,
} from 'node-opcua-client'
import type { Library } from '../library.ts'
import { failureOf, serviceResultOf } from '../link/failure.ts'
import type { OpcuaLink } from '../link/link.ts'
import { chunk } from '../link/chunk.ts'
import type { Session } from '../link/session.ts'
import { isOpaque } from './opaque.ts'
import type { Publisher, Subscriber } from './publisher.ts'

/** One node that is watched. */
export interface WatchedItem {
  readonly toCreate: MonitoredItemCreateRequestOptions
  /** `now`: ms since 1970. */
  value(dataValue: DataValue, now: number): void
  event(fields: readonly Variant[]): void
}

/** A subscription of the server, for all items that are published as often. */
export interface Subscription {
  readonly id: number
  readonly size: number
  /** Creates the items; the answer has a status per item. */
  add(items: readonly WatchedItem[], signal: AbortSignal): Promise<readonly StatusCode[]>
  /** Deletes the items that were created. */
  remove(items: readonly WatchedItem[], signal: AbortSignal): Promise<void>
  /** After an interruption: gets what was missed. */
  recover(): Promise<void>
  /** Nothing was heard of it for so long that it must be dead. */
  isSilent(now: number): boolean
  end(): void
}

/** How often the server says that it lives, in ms, while nothing changes. */
const keepAliveMs = 2_000
/** More missed messages than this are not asked for: a new subscription gives all values anew. */
const mostMissed = 1_000

export async function createSubscription(
  link: OpcuaLink,
  options: {
    readonly library: Library
    readonly publisher: Publisher
    readonly publishingMs: number
    /** For how long the subscription has to outlive its client, in ms. */
    readonly lifetimeMs: number
    readonly timeoutMs: number
    readonly mostPerCall: number
    readonly logger: Logger
  },
  signal: AbortSignal,
): Promise<Subscription> {
  const { library, publisher, publishingMs, lifetimeMs, timeoutMs, mostPerCall, logger } = options
  const keepAliveCount = Math.max(1, Math.round(keepAliveMs / publishingMs))
  const created = await link.ask(
    'create subscription',
    (session) =>
      session.createSubscription({
        requestedPublishingInterval: publishingMs,
        requestedMaxKeepAliveCount: keepAliveCount,
        requestedLifetimeCount: Math.max(3 * keepAliveCount, Math.ceil(lifetimeMs / publishingMs)),
        maxNotificationsPerPublish: 0,
        publishingEnabled: true,
        priority: 1,
      }),
    signal,
  )
  const id = created.subscriptionId
  const silentAfterMs =
    1.5 * created.revisedPublishingInterval * created.revisedMaxKeepAliveCount + timeoutMs
  /** By handle. Handles are never used again: a late message must not reach another item. */
  const items: (WatchedItem | undefined)[] = []
  let size = 0
  const handles = new Map<WatchedItem, { readonly handle: number; id?: number }>()
  let nextHandle = 1
  let lastHeard = performance.now()
  /** The first message is number 1. */
  let lastSequence = 0
  /** Messages wait while others that came before them are still asked for or made ready. */
  let waiting: NotificationMessage[] | undefined
  let draining: Promise<void> | undefined

  const forget = (handle: number) => {
    if (items[handle] === undefined) return
    items[handle] = undefined
    size--
  }

  const dispatch = (message: NotificationMessage) => {
    const now = Date.now()
    for (const data of message.notificationData ?? []) {
      if (data instanceof library.DataChangeNotification) {
        for (const { clientHandle, value } of data.monitoredItems ?? []) {
          items[clientHandle]?.value(value, now)
        }
      } else if (data instanceof library.EventNotificationList) {
        for (const { clientHandle, eventFields } of data.events ?? []) {
          items[clientHandle]?.event(eventFields ?? [])
        }
      } else if (data instanceof library.StatusChangeNotification && data.status.isNotGood()) {
        link.lose(
          new MapperError('unreachable', `the server ended a subscription: ${data.status.name}`),
        )
      }
    }
  }

  /** Structures whose type is not known yet are looked up at the server first. */
  const deliver = async (session: Session, message: NotificationMessage) => {
    const opaque = opaqueValues(message, library)
    if (opaque.length > 0) await library.promoteOpaqueStructure(session, opaque)
    dispatch(message)
  }

  const missedBefore = ({ sequenceNumber }: NotificationMessage): number =>
    (sequenceNumber - next(lastSequence) + wrap) % wrap

  const take = (message: NotificationMessage) => {
    if (waiting !== undefined) return void waiting.push(message)
    if (missedBefore(message) > 0 || opaqueValues(message, library).length > 0) {
      waiting = [message]
      return void drain()
    }
    note(message)
    dispatch(message)
  }

  /** A sign of life has the number that the next message will have. */
  const note = ({ sequenceNumber, notificationData }: NotificationMessage) => {
    const isSign = (notificationData?.length ?? 0) === 0
    lastSequence = isSign ? previous(sequenceNumber) : sequenceNumber
  }

  const drain = () => (draining ??= work().finally(() => (draining = undefined)))

  const work = async () => {
    try {
      for (let message; (message = waiting?.[0]) !== undefined;) {
        const { session } = link
        // Interrupted: it goes on in `recover`.
        if (session === undefined) return
        const missed = missedBefore(message)
        if (missed > mostMissed) throw new Error(`${missed} messages were missed`)
        for (let i = 0; i < missed; i++) {
          if (!(await fetchNext(session))) throw new Error('a message of the server is lost')
        }
        await deliver(session, message)
        note(message)
        waiting?.shift()
      }
      waiting = undefined
    } catch (thrown) {
      if (link.trouble !== undefined) return
      // A new subscription gives all values anew: nothing stays wrong.
      link.lose(new MapperError('unreachable', failureOf(thrown).detail, { cause: thrown }))
    }
  }

  /** The message after the last one, if the server still has it. */
  const fetchNext = async (session: Session): Promise<boolean> => {
    const retransmitSequenceNumber = next(lastSequence)
    const request = new library.RepublishRequest({ subscriptionId: id, retransmitSequenceNumber })
    const response = await new Promise<RepublishResponse | undefined>((resolve, reject) =>
      session.republish(request, (failure, answer) => {
        if (serviceResultOf(failure)?.name === 'BadMessageNotAvailable') resolve(undefined)
        else if (failure != null) reject(failure)
        else resolve(answer)
      }),
    )
    const message = response?.notificationMessage
    if (message == null || response?.responseHeader.serviceResult.isNotGood() === true) return false
    lastSequence = retransmitSequenceNumber
    logger.debug({ subscription: id, sequence: lastSequence }, 'a missed message was sent again')
    await deliver(session, message)
    return true
  }

  const subscriber: Subscriber = {
    id,
    keepAliveMs: created.revisedPublishingInterval * created.revisedMaxKeepAliveCount,
    received(message) {
      lastHeard = performance.now()
      take(message)
    },
  }
  publisher.add(subscriber)

  return {
    id,
    get size() {
      return size
    },
    async add(watched, until) {
      const statuses: StatusCode[] = []
      for (const part of chunk(watched, mostPerCall)) {
        const itemsToCreate = part.map((item) => {
          const handle = nextHandle++
          // Before the request: the first value may come before the answer.
          items[handle] = item
          size++
          handles.set(item, { handle })
          const { requestedParameters } = item.toCreate
          return {
            ...item.toCreate,
            requestedParameters: { ...requestedParameters, clientHandle: handle },
          }
        })
        const { results } = await link.ask(
          'create monitored items',
          (session) =>
            session.createMonitoredItems({
              subscriptionId: id,
              timestampsToReturn: library.TimestampsToReturn.Both,
              itemsToCreate,
            }),
          until,
        )
        part.forEach((item, index) => {
          const result = results?.[index]
          const known = handles.get(item)
          if (result?.statusCode.isGood() === true && known) known.id = result.monitoredItemId
          else if (known) {
            forget(known.handle)
            handles.delete(item)
          }
          statuses.push(result?.statusCode ?? library.StatusCodes.BadUnexpectedError)
        })
        // Creating counts as a sign of life: the first message may take a publishing interval.
        lastHeard = Math.max(lastHeard, performance.now())
      }
      return statuses
    },
    async remove(watched, until) {
      const ids = watched.flatMap((item) => {
        const known = handles.get(item)
        handles.delete(item)
        if (known) forget(known.handle)
        return known?.id === undefined ? [] : [known.id]
      })
      for (const monitoredItemIds of chunk(ids, mostPerCall)) {
        await link.ask(
          'delete monitored items',
          (session) =>
            session.deleteMonitoredItems({
              subscriptionId: id,
              monitoredItemIds: [...monitoredItemIds],
            }),
          until,
        )
      }
    },
    async recover() {
      lastHeard = performance.now()
      waiting ??= []
      await drain()
      waiting ??= []
      try {
        for (let i = 0; i < mostMissed; i++) {
          const { session } = link
          if (session === undefined || !(await fetchNext(session))) break
        }
      } catch (thrown) {
        if (link.trouble === undefined) link.lose(failureOf(thrown))
        return
      }
      lastHeard = performance.now()
      await drain()
    },
    isSilent: (now) => now - lastHeard > silentAfterMs,
    end: () => publisher.delete(id),
  }
}

/** Sequence numbers run from 1 to 2^32 − 1 and begin again. */
const wrap = 2 ** 32 - 1
const next = (sequence: number) => (sequence % wrap) + 1
const previous = (sequence: number) => (sequence === 1 ? wrap : sequence - 1)

function opaqueValues(message: NotificationMessage, library: Library) {
  const opaque: DataValue[] = []
  for (const data of message.notificationData ?? []) {
    if (!(data instanceof library.DataChangeNotification)) continue
    for (const { value } of data.monitoredItems ?? []) if (isOpaque(value)) opaque.push(value)
  }
  return opaque
}
