import { MapperError } from '@mapper-sdk/core'
import type { NotificationMessage, PublishResponse } from 'node-opcua-client'
import type { Library } from '../library.ts'
import { failureOf, isSessionGone, serviceResultOf } from '../link/failure.ts'
import type { OpcuaLink } from '../link/link.ts'

/** What a subscription wants to hear of its messages. */
export interface Subscriber {
  readonly id: number
  /** How often the server says something even if nothing changes, in ms. */
  readonly keepAliveMs: number
  /** A message came: changes, or nothing but a sign of life. */
  received(message: NotificationMessage): void
}

/**
 * Keeps the server supplied with Publish requests, which carry the notifications of all subscriptions of
 * a session, and acknowledges what came.
 */
export interface Publisher {
  add(subscriber: Subscriber): void
  delete(id: number): void
  /** The session was interrupted: what is on the way will not be answered. */
  pause(): void
  resume(): void
}

export function createPublisher(link: OpcuaLink, library: Library): Publisher {
  const subscribers = new Map<number, Subscriber>()
  let acknowledgements: { subscriptionId: number; sequenceNumber: number }[] = []
  /** The most that the server keeps; it says so when there are too many. */
  let most = 20
  let underWay = 0
  /** Answers of requests from before an interruption are nobody's. */
  let generation = 0
  let retry: NodeJS.Timeout | undefined

  const wanted = () => (subscribers.size === 0 ? 0 : Math.min(most, subscribers.size + 2))

  const fill = () => {
    while (underWay < wanted()) if (!send()) return
  }

  const send = (): boolean => {
    const { session } = link
    if (session === undefined) return false
    const keepAliveMs = Math.max(...[...subscribers.values()].map((each) => each.keepAliveMs))
    const begun = generation
    underWay++
    const request = new library.PublishRequest({
      // The server drops a request that waits longer: not before all those in front of it are answered.
      requestHeader: { timeoutHint: Math.min(2 ** 31 - 1, (most + 10) * keepAliveMs + 60_000) },
      subscriptionAcknowledgements: acknowledgements,
    })
    acknowledgements = []
    session.publish(request, (failure, response) => {
      if (begun !== generation) return
      underWay--
      if (response !== undefined && failure == null) take(response)
      else if (!bear(failure)) return
      fill()
    })
    return true
  }

  const take = ({ subscriptionId, notificationMessage: message }: PublishResponse) => {
    const { sequenceNumber, notificationData } = message
    if ((notificationData?.length ?? 0) > 0)
      acknowledgements.push({ subscriptionId, sequenceNumber })
    subscribers.get(subscriptionId)?.received(message)
  }

  /** What a failed request means; false if no other one is to be sent now. */
  const bear = (thrown: unknown): boolean => {
    const name = serviceResultOf(thrown)?.name
    if (name === 'BadTooManyPublishRequests') {
      most = Math.max(1, underWay)
      return false
    }
    if (name === 'BadNoSubscription') {
      if (subscribers.size > 0) {
        link.lose(new MapperError('unreachable', 'the server has deleted the subscriptions'))
      }
      return false
    }
    if (isSessionGone(thrown)) {
      link.lose(failureOf(thrown))
      return false
    }
    // BadTimeout: it waited too long. Anything else: the link will say what is wrong, or nothing is.
    if (name === 'BadTimeout') return true
    retry ??= setTimeout(() => {
      retry = undefined
      fill()
    }, 100)
    return false
  }

  return {
    add(subscriber) {
      subscribers.set(subscriber.id, subscriber)
      fill()
    },
    delete: (id) => void subscribers.delete(id),
    pause() {
      generation++
      underWay = 0
      clearTimeout(retry)
      retry = undefined
    },
    resume: fill,
  }
}
