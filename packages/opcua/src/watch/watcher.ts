import { MapperError, type Outcome, type Value, type Watch } from '@mapper-sdk/core'
import type { NodeId, StatusCode } from 'node-opcua-client'
import type { OpcuaVisitor } from '../config/visitor.ts'
import { severityOf, statusError } from '../data/status.ts'
import type { Library } from '../library.ts'
import type { OpcuaLink } from '../link/link.ts'
import type { Decoders } from '../nodes/decoders.ts'
import type { NodeResolver } from '../nodes/resolve-nodes.ts'
import { createEventDecoder, eventFilterOf } from './events.ts'
import { monitoring, withoutDeadband } from './monitoring.ts'
import type { Subscription, WatchedItem } from './subscription.ts'
import type { Subscriptions } from './subscriptions.ts'

/**
 * Watches visitors by monitored items until the signal aborts; throws when the session is lost. With
 * `nothing` all are left to be read, and only the session is watched.
 */
export type Watcher = (
  visitors: readonly OpcuaVisitor[],
  watch: Watch,
  signal: AbortSignal,
  how: { readonly everyMs: number; readonly publishingMs: number; readonly nothing: boolean },
) => Promise<void>

/** How long ending a watch may take, in ms. */
const tidyUpMs = 800

interface Candidate {
  readonly index: number
  readonly visitor: OpcuaVisitor
  readonly nodeId: NodeId
}

export function createWatcher(
  link: OpcuaLink,
  options: {
    readonly library: Library
    readonly resolver: NodeResolver
    readonly decoders: Decoders
    readonly subscriptions: Subscriptions
  },
): Watcher {
  const { library, resolver, decoders, subscriptions } = options
  /** Statuses of servers that do not know the filter; the item works without it. */
  const refusesFilter = (status: StatusCode) =>
    /^BadMonitoredItemFilter|^BadDeadbandFilter|^BadFilter/.test(status.name)

  const itemOf = (
    { index, visitor, nodeId }: Candidate,
    watch: Watch,
    everyMs: number,
  ): WatchedItem => {
    const tell = (outcome: Outcome<Value>) => watch.changed(index, outcome)
    const filter = eventFilterOf(visitor, link.facts, library)
    const toCreate = monitoring(visitor, nodeId, everyMs, library, filter)
    if (filter === undefined) {
      const decode = decoders.of(visitor)
      return { toCreate, value: (dataValue, now) => tell(decode(dataValue, now)), event: ignore }
    }
    const decode = createEventDecoder(visitor)
    return { toCreate, value: ignore, event: (fields) => tell(decode(fields)) }
  }

  /** Takes no longer than core waits; what the server keeps after that ends with the session. */
  const tidyUp = async (subscription: Subscription, items: readonly WatchedItem[]) => {
    const until = AbortSignal.timeout(tidyUpMs)
    try {
      if (link.trouble === undefined) await subscription.remove(items, until)
    } catch {
      // The server does not answer, or the session is gone, and the items with it.
    }
    await subscriptions.release(subscription, until).catch(() => undefined)
  }

  return async (visitors, watch, signal, { everyMs, publishingMs, nothing }) => {
    const notWatched = visitors.flatMap(({ subscribe, methodID }, index) =>
      subscribe && methodID === undefined && !nothing ? [] : [index],
    )
    const rest = new Set(notWatched)
    const wanted = visitors.flatMap((visitor, index) =>
      rest.has(index) ? [] : [{ index, visitor }],
    )
    const nodes = await resolver.resolve(
      wanted.map(({ visitor }) => visitor),
      signal,
    )
    const candidates = wanted.flatMap(({ index, visitor }, i): Candidate[] => {
      const nodeId = nodes[i]
      if (nodeId === undefined || nodeId instanceof MapperError) {
        rest.add(index)
        return []
      }
      return [{ index, visitor, nodeId }]
    })
    await decoders.prepare(candidates, signal)

    const over = new AbortController()
    const ended = new Promise<void>((resolve, reject) => {
      const stop = link.listen({
        interrupted: (error) => watch.interrupted(error),
        resumed: () => watch.interrupted(),
        lost: reject,
      })
      const onAbort = () => resolve()
      signal.addEventListener('abort', onAbort, { once: true })
      over.signal.addEventListener('abort', () => {
        stop()
        signal.removeEventListener('abort', onAbort)
      })
      if (signal.aborted) resolve()
      const { trouble } = link
      if (trouble?.lost === true) reject(trouble.error)
      else if (trouble !== undefined) watch.interrupted(trouble.error)
    })
    // It may end while the items are still being created.
    ended.catch(() => undefined)

    try {
      if (candidates.length === 0) {
        if (rest.size > 0) watch.readInstead([...rest])
        return await ended
      }
      const subscription = await subscriptions.get(publishingMs)
      const chosen: { readonly index: number; item: WatchedItem }[] = []
      for (const candidate of candidates) {
        const { index } = candidate
        try {
          chosen.push({ index, item: itemOf(candidate, watch, everyMs) })
        } catch (thrown) {
          watch.changed(index, { ok: false, error: MapperError.from(thrown) })
        }
      }
      const items = chosen.map(({ item }) => item)
      try {
        const statuses = [...(await subscription.add(items, signal))]
        await tryWithoutFilter(items, statuses)
        chosen.forEach(({ index }, i) => {
          const status = statuses[i]
          if (status !== undefined && severityOf(status.value) !== 'bad') return
          watch.changed(index, { ok: false, error: refused(status) })
          // Events come in no other way.
          if (visitors[index]?.eventFields === undefined) rest.add(index)
        })
        if (rest.size > 0) watch.readInstead([...rest])
        await ended
      } finally {
        await tidyUp(subscription, items)
      }

      async function tryWithoutFilter(all: WatchedItem[], statuses: StatusCode[]) {
        const again = all.flatMap((item, i) => {
          const status = statuses[i]
          const plain = withoutDeadband(item)
          return status !== undefined && refusesFilter(status) && plain ? [{ i, plain }] : []
        })
        if (again.length === 0) return
        const second = await subscription.add(
          again.map(({ plain }) => plain),
          signal,
        )
        again.forEach(({ i, plain }, at) => {
          all[i] = plain
          const status = second[at]
          if (status !== undefined) statuses[i] = status
        })
      }
    } finally {
      over.abort()
    }
  }
}

const ignore = () => undefined

const refused = (status: StatusCode | undefined) =>
  status === undefined
    ? new MapperError('bad_data', 'the server left out an answer')
    : statusError(status)
