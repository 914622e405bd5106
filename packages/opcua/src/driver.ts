import {
  MapperError,
  type Connection,
  type Driver,
  type Outcome,
  type Value,
} from '@mapper-sdk/core'
import { createCaller } from './call/caller.ts'
import { checkProtocol } from './config/check-protocol.ts'
import { checkVisitor } from './config/check-visitor.ts'
import { normalize } from './config/dialects.ts'
import { keyOf } from './config/key.ts'
import { protocolSchema, type OpcuaProtocol } from './config/protocol.ts'
import { visitorSchema, type OpcuaVisitor } from './config/visitor.ts'
import { loadLibrary } from './library.ts'
import { connectLink } from './link/connect-link.ts'
import { createDecoders } from './nodes/decoders.ts'
import { createNodeFacts } from './nodes/node-facts.ts'
import { createQuarantine } from './nodes/quarantine.ts'
import { createNodeResolver } from './nodes/resolve-nodes.ts'
import { createReader } from './read/reader.ts'
import { createSubscriptions } from './watch/subscriptions.ts'
import { createWatcher } from './watch/watcher.ts'
import { createWriter } from './write/writer.ts'

/**
 * OPC UA. The server tells changes of what it can watch; the rest is read in few requests. A session
 * that is interrupted is resumed with all it has; a node that is missing or refused fails alone.
 */
export const opcuaDriver: Driver<OpcuaProtocol, OpcuaVisitor> = {
  protocolName: 'opcua',
  protocolSchema,
  visitorSchema,
  normalize,
  checkProtocol,
  check: checkVisitor,
  connectionKey: keyOf,
  async connect(protocol, context) {
    const library = await loadLibrary()
    const link = await connectLink(protocol, context, library)
    const { timeoutMs, sessionTimeoutMs, maxNodesPerRequest, timestamps } = protocol
    const { limits } = link.facts
    const most = (limit: number) => Math.min(limit, maxNodesPerRequest)
    const resolver = createNodeResolver(link, library, most(limits.translate))
    const askFacts = createNodeFacts(link, library, most(limits.read))
    const decoders = createDecoders(timestamps, askFacts)
    const caller = createCaller(link, { library, resolver })
    const reader = createReader(link, {
      ...{ resolver, decoders, quarantine: createQuarantine(), mostPerCall: most(limits.read) },
      unread: (visitor) => caller.result(visitor) ?? eventsOnly(visitor),
    })
    const writer = createWriter(link, {
      library,
      resolver,
      askFacts,
      caller,
      mostPerCall: most(limits.write),
    })
    const subscriptions = createSubscriptions(link, {
      ...{ library, timeoutMs, lifetimeMs: sessionTimeoutMs, logger: context.logger },
      mostPerCall: most(limits.monitor),
    })
    const watch = createWatcher(link, { library, resolver, decoders, subscriptions })
    const closing = new AbortController()

    /**
     * A request that failed as a whole says nothing of the session, which is watched over by itself: its
     * items fail, and core tries again. Only a session that is lost takes the connection with it.
     */
    const unlessLost = async <T>(
      count: number,
      signal: AbortSignal,
      run: () => Promise<readonly Outcome<T>[]>,
    ): Promise<readonly Outcome<T>[]> => {
      try {
        return await run()
      } catch (thrown) {
        const { trouble } = link
        if (trouble?.lost === true) throw trouble.error
        const error = MapperError.from(thrown)
        if (signal.aborted || error.code === 'internal') throw error
        return Array.from({ length: count }, () => ({ ok: false, error: trouble?.error ?? error }))
      }
    }

    const connection: Connection<OpcuaProtocol, OpcuaVisitor> = {
      parallel: 4,
      writesOvertake: true,
      read: (_, visitors, signal) =>
        unlessLost<Value>(visitors.length, signal, () => reader.read(visitors, signal)),
      write: (_, writes, signal) =>
        unlessLost<void>(writes.length, signal, () => writer.write(writes, signal)),
      async subscribe({ subscribe, publishingIntervalMs }, visitors, sink, signal, everyMs) {
        await watch(visitors, sink, AbortSignal.any([signal, closing.signal]), {
          ...{ everyMs, nothing: !subscribe },
          publishingMs: publishingIntervalMs > 0 ? publishingIntervalMs : everyMs,
        })
        if (!signal.aborted) closing.signal.throwIfAborted()
      },
      async close() {
        closing.abort(new MapperError('canceled', 'the connection was closed'))
        subscriptions.close()
        await link.close()
      },
    }
    return connection
  },
}

/** Events are told, and cannot be asked for. */
const eventsOnly = ({ eventFields }: OpcuaVisitor): Outcome<Value> | undefined =>
  eventFields === undefined
    ? undefined
    : { ok: false, error: new MapperError('unsupported', 'there was no event yet') }
