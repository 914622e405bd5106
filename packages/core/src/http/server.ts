import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { MapperError } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { LevelSwitch } from '../log-level.ts'
import { longestDelayMs } from '../time.ts'
import type { MapperView } from '../view.ts'
import { createHostCheck, isLoopback } from './authority.ts'
import { createTokenCheck } from './bearer-token.ts'
import type { HttpContext, MapperInfo } from './context.ts'
import { createHandler } from './handler.ts'
import { createRoutes } from './routes.ts'
import { createTraffic } from './traffic.ts'

/** How the REST API is served. */
export interface HttpSettings {
  readonly address: string
  /** 0: any that is free. */
  readonly port: number
  /** Admits to writing; without it nothing can be written. */
  readonly token?: string
  readonly tls?: TlsSettings
  /** Names in the Host header that are ours too. */
  readonly hosts: readonly string[]
  /** Writing by GET, as the Go framework has it. */
  readonly writesByGet: boolean
  readonly limits: HttpLimits
}

/** PEM. With an authority for clients, only those with a certificate of it are let in. */
export interface TlsSettings {
  readonly cert: string
  readonly key: string
  readonly clientCa?: string
}

export interface HttpLimits {
  readonly bodyBytes: number
  /** Of one peer; twice as many in a burst. */
  readonly requestsPerSecond: number
  readonly connections: number
  /** For the head of a request to come, and for the whole of it. */
  readonly headerMs: number
  readonly requestMs: number
  readonly answerMs: number
}

/** What nobody needs to tune. The addresses of others are let in only when somebody says so. */
export const defaultAddress = '127.0.0.1'
export const defaultLimits: HttpLimits = {
  bodyBytes: 65_536,
  requestsPerSecond: 50,
  connections: 64,
  headerMs: 5_000,
  requestMs: 10_000,
  answerMs: 30_000,
}

export interface HttpSources {
  readonly view: () => MapperView | undefined
  readonly isStopping: () => boolean
  readonly level: LevelSwitch
  readonly mapper: MapperInfo
  readonly logger: Logger
}

export interface HttpService {
  /** As in `http://127.0.0.1:7777`. */
  readonly url: string
  /** Uses other certificates for connections from now on. Throws `invalid_config` and keeps the old ones. */
  useTls(tls: TlsSettings): void
  /** Requests under way get half a second; then it is closed. */
  close(): Promise<void>
}

/** How long requests under way are waited for at the end. */
const closeMs = 500
/** Names of ours have at most 253 characters, tokens rarely more than a thousand. */
const headerBytes = 8 * 1024

/** Listens, and serves until closed. Throws `invalid_config` if it cannot listen there. */
export async function serveHttp(
  settings: HttpSettings,
  sources: HttpSources,
): Promise<HttpService> {
  const { address, hosts, limits, tls, token } = settings
  const { logger, ...shown } = sources
  const traffic = createTraffic()
  const context: HttpContext = { ...shown, traffic, wall: Date.now }
  const handler = createHandler({
    ...limits,
    routes: createRoutes(context, settings),
    checkToken: createTokenCheck(token),
    isOurHost: createHostCheck(address, hosts),
    traffic,
    logger,
  })
  const options = {
    headersTimeout: limits.headerMs,
    requestTimeout: Math.max(limits.headerMs, limits.requestMs),
    keepAliveTimeout: limits.headerMs,
    // Node looks for what is overdue only this often; every 30 s if it is not told.
    connectionsCheckingInterval: Math.max(50, Math.min(1_000, limits.headerMs / 4)),
    maxHeaderSize: headerBytes,
  }
  const server: Server =
    tls === undefined
      ? createServer(options, handler)
      : createTlsServer({ ...options, ...secured(tls), handshakeTimeout: limits.headerMs }, handler)
  server.maxConnections = limits.connections
  server.maxHeadersCount = 100
  server.timeout = Math.min(longestDelayMs, limits.answerMs + limits.requestMs)
  server.on('drop', () => traffic.drop())

  await listen(server, settings)
  server.on('error', (thrown) =>
    logger.error({ err: MapperError.from(thrown) }, 'the REST API has a fault'),
  )
  const { port } = server.address() as AddressInfo
  const host = address.includes(':') ? `[${address}]` : address
  if (!isLoopback(address) && tls === undefined) {
    const risk = token === undefined ? 'what it answers' : 'what it answers, and the token'
    logger.warn(
      { address },
      `the REST API is open to the network without TLS: ${risk} can be overheard`,
    )
  }
  let closed: Promise<void> | undefined
  return {
    url: `http${tls === undefined ? '' : 's'}://${host}:${port}`,
    useTls(next) {
      if (!('setSecureContext' in server)) return
      const { setSecureContext } = server as { setSecureContext(tls: object): void }
      try {
        setSecureContext.call(server, secured(next))
      } catch (cause) {
        const detail = 'the certificates for TLS cannot be used'
        throw new MapperError('invalid_config', detail, { cause })
      }
    },
    close: () => (closed ??= end(server)),
  }
}

function secured({ cert, key, clientCa }: TlsSettings) {
  return {
    cert,
    key,
    minVersion: 'TLSv1.2' as const,
    ...(clientCa !== undefined && { ca: clientCa, requestCert: true, rejectUnauthorized: true }),
  }
}

/**
 * A port that another process has is an error that ends the mapper. Without its probes it would be
 * restarted for ever or watched by nobody; and the other process is often a mapper that was not stopped,
 * which would fight for the same devices.
 */
const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE:
    'another process listens there. Stop it, or choose another http.port (or common.http_port)',
  EACCES:
    'this user may not listen there. Choose an http.port (or common.http_port) of 1024 or more',
  EADDRNOTAVAIL: 'this machine has no such address. Correct http.address',
  ENOTFOUND: 'there is no such host. Correct http.address',
}

const listen = (server: Server, { address, port }: HttpSettings) =>
  new Promise<void>((resolve, reject) => {
    const onError = (thrown: NodeJS.ErrnoException) => {
      const { code = '', message } = thrown
      reject(
        new MapperError(
          'invalid_config',
          `cannot serve the REST API on ${address} port ${port} (${code}): ${reasons[code] ?? message}`,
          { cause: thrown },
        ),
      )
    }
    server.once('error', onError)
    server.listen({ host: address, port }, () => {
      server.off('error', onError)
      resolve()
    })
  })

const end = (server: Server) =>
  new Promise<void>((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), closeMs)
    server.close(() => {
      clearTimeout(timer)
      resolve()
    })
    server.closeIdleConnections()
  })
