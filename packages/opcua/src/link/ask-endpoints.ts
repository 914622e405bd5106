import type { EndpointDescription, OPCUAClient, OPCUAClientOptions } from 'node-opcua-client'
import type { OpcuaProtocol } from '../config/protocol.ts'
import type { Library } from '../library.ts'
import { closeClient } from './close-client.ts'
import type { Security } from './security.ts'
import { within } from './within.ts'

/** How long closing what was never in use may take, in ms. */
export const closeUnusedMs = 300

/** For how long nothing need come over a connection, in ms; the heartbeat asks several times before. */
const idleMs = 10_000

/** A client that tries once, with the deadlines of a protocol config. */
export const createClient = (
  library: Library,
  { sessionTimeoutMs, timeoutMs }: Pick<OpcuaProtocol, 'sessionTimeoutMs' | 'timeoutMs'>,
  options: OPCUAClientOptions,
): OPCUAClient =>
  library.OPCUAClient.create({
    ...options,
    // Core decides when there is another try. But with none the library would resume no session.
    connectionStrategy: { maxRetry: 1, initialDelay: 200, maxDelay: 2_000 },
    keepSessionAlive: false,
    requestedSessionTimeout: sessionTimeoutMs,
    // A silent socket is the heartbeat's business; this must not come before it has asked and waited.
    transportTimeout: timeoutMs + idleMs,
    defaultTransactionTimeout: timeoutMs,
  })

/**
 * Asks a server what it offers, with an unsecured client of its own: the offers decide how the real one
 * connects. No folder is touched. Rejects with what the library threw, or `timeout`.
 */
export async function askEndpoints(
  url: string,
  options: {
    readonly library: Library
    readonly security: Security
    readonly protocol: OpcuaProtocol
    readonly signal: AbortSignal
  },
): Promise<EndpointDescription[]> {
  const { library, security, protocol, signal } = options
  const step = <T>(what: string, pending: Promise<T>) =>
    within(pending, protocol.timeoutMs, signal, what)
  const client = createClient(library, protocol, await security.discoveryOptions())
  try {
    await step('connect', client.connect(url))
    return await step('endpoints', client.getEndpoints())
  } finally {
    await closeClient(client, undefined, closeUnusedMs)
  }
}
