import { MapperError, type Logger } from '@mapper-sdk/core'
import type { TransferSubscriptionsResponse } from 'node-opcua-client'
import type { Library } from '../library.ts'
import { failureOf } from '../link/failure.ts'
import type { OpcuaLink } from '../link/link.ts'
import { createPublisher } from './publisher.ts'
import { createSubscription, type Subscription } from './subscription.ts'

/** The subscriptions of a session: one for each publishing interval, shared by all who watch as often. */
export interface Subscriptions {
  /** Every `get` that succeeds ends with a `release`. */
  get(publishingMs: number): Promise<Subscription>
  /** Ends the subscription if nobody uses it any more. */
  release(subscription: Subscription, signal: AbortSignal): Promise<void>
  close(): void
}

/** How often is looked for subscriptions that died in silence, in ms. */
const watchdogMs = 1_000

export function createSubscriptions(
  link: OpcuaLink,
  options: {
    readonly library: Library
    readonly lifetimeMs: number
    readonly timeoutMs: number
    readonly mostPerCall: number
    readonly logger: Logger
  },
): Subscriptions {
  const publisher = createPublisher(link, options.library)
  const byInterval = new Map<number, Promise<Subscription>>()
  const live = new Map<Subscription, { readonly publishingMs: number; users: number }>()
  const never = new AbortController().signal

  const create = async (publishingMs: number) => {
    try {
      const subscription = await createSubscription(
        link,
        { ...options, publisher, publishingMs },
        never,
      )
      live.set(subscription, { publishingMs, users: 0 })
      return subscription
    } catch (thrown) {
      byInterval.delete(publishingMs)
      throw thrown
    }
  }

  const recover = async (sameSession: boolean) => {
    const all = [...live.keys()]
    try {
      if (!sameSession && all.length > 0) await transfer(all)
      await Promise.all(all.map((each) => each.recover()))
      publisher.resume()
    } catch (thrown) {
      if (link.trouble === undefined) link.lose(failureOf(thrown))
    }
  }

  /** The server gave a new session, but may still have the subscriptions of the old one. */
  const transfer = async (all: readonly Subscription[]) => {
    const subscriptionIds = all.map(({ id }) => id)
    const { results } = await link.ask(
      'transfer subscriptions',
      (session) =>
        session.transferSubscriptions({
          subscriptionIds,
          sendInitialValues: true,
        }) as unknown as Promise<TransferSubscriptionsResponse>,
      never,
    )
    const refused = results?.find(({ statusCode }) => statusCode.isNotGood())
    if (refused !== undefined || results?.length !== all.length) {
      throw new MapperError(
        'unreachable',
        `the server did not hand over a subscription: ${refused?.statusCode.name ?? 'no answer'}`,
      )
    }
  }

  const stopListening = link.listen({
    interrupted: () => publisher.pause(),
    resumed: (sameSession) => void recover(sameSession),
    lost: () => publisher.pause(),
  })

  const watchdog = setInterval(() => {
    if (link.trouble !== undefined) return
    const now = performance.now()
    for (const subscription of live.keys()) {
      if (!subscription.isSilent(now)) continue
      return link.lose(
        new MapperError('unreachable', 'the server answers, but a subscription of it is silent'),
      )
    }
  }, watchdogMs)

  return {
    async get(publishingMs) {
      const known = byInterval.get(publishingMs) ?? create(publishingMs)
      byInterval.set(publishingMs, known)
      const subscription = await known
      const use = live.get(subscription)
      if (use) use.users++
      return subscription
    },
    async release(subscription, signal) {
      const use = live.get(subscription)
      if (use === undefined || --use.users > 0) return
      live.delete(subscription)
      byInterval.delete(use.publishingMs)
      subscription.end()
      const subscriptionIds = [subscription.id]
      await link.ask(
        'delete subscription',
        (session) =>
          session.deleteSubscriptions({ subscriptionIds }) as unknown as Promise<unknown>,
        signal,
      )
    },
    close() {
      clearInterval(watchdog)
      stopListening()
      publisher.pause()
    },
  }
}
