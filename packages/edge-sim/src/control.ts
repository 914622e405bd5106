import { MapperError, silentLogger, type Logger } from '@mapper-sdk/core'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { EdgeSim } from './edge-sim.ts'

/** The control API of a running stand-in. */
export interface ControlServer {
  /** `http://127.0.0.1:PORT` */
  readonly url: string
  close(): Promise<void>
}

interface Reply {
  readonly status: number
  readonly body: unknown
}

const ok = (body: unknown): Reply => ({ status: 200, body })
const bodyLimit = 64 * 1024

/**
 * Serves the stand-in to other processes of this machine, on loopback only: GET /cloud, /resources,
 * /stats, /issues and /events (server-sent events); PUT /desired/NAMESPACE/NAME/PROPERTY with the
 * value as body; POST /restart, and POST /cloud-link with `up` or `down` as body. JSON answers.
 */
export async function serveControl(
  sim: EdgeSim,
  port: number,
  logger: Logger = silentLogger,
): Promise<ControlServer> {
  const ended = new AbortController()
  const server = createServer((request, response) => {
    void answer(sim, request, response, ended.signal).catch((error: unknown) => {
      const { code, message } = MapperError.from(error)
      if (code === 'internal') logger.error({ err: error }, 'the control API failed')
      send(response, { status: code === 'invalid_config' ? 400 : 500, body: { error: message } })
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(MapperError.from(error, 'invalid_config')))
    server.listen(port, '127.0.0.1', resolve)
  })
  const { port: taken } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${taken}`,
    async close() {
      ended.abort()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}

async function answer(
  sim: EdgeSim,
  request: IncomingMessage,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  // A web page may not reach this through a name of its own that points to loopback.
  if (!/^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(request.headers.host ?? '')) {
    return send(response, { status: 403, body: { error: 'only by the name 127.0.0.1' } })
  }
  if (request.headers.origin !== undefined) {
    return send(response, { status: 403, body: { error: 'not for web pages' } })
  }
  const { pathname } = new URL(request.url ?? '/', 'http://localhost')
  const route = `${request.method} ${pathname}`
  if (route === 'GET /events') return streamEvents(sim, response, signal)
  const body = request.method === 'GET' ? '' : await bodyOf(request)
  send(response, body === undefined ? tooLarge : await reply(sim, route, body))
}

const tooLarge: Reply = { status: 413, body: { error: `at most ${bodyLimit} bytes` } }

async function reply(sim: EdgeSim, route: string, body: string): Promise<Reply> {
  switch (route) {
    case 'GET /cloud':
      return ok(sim.cloud())
    case 'GET /resources':
      return ok(sim.resources())
    case 'GET /stats':
      return ok(sim.stats())
    case 'GET /issues':
      return ok(sim.issues())
    case 'POST /restart':
      await sim.restart()
      return ok({})
    case 'POST /cloud-link':
      if (body !== 'up' && body !== 'down') {
        throw new MapperError('invalid_config', 'the body must be up or down')
      }
      sim.cloudLink(body === 'up')
      return ok({})
    default: {
      const [, ...parts] = /^PUT \/desired\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(route) ?? []
      if (parts.length === 0) return { status: 404, body: { error: `there is no ${route}` } }
      const [namespace, name, property = ''] = parts.map(decoded)
      sim.setDesired(`${namespace}/${name}`, property, body)
      return ok({})
    }
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch (error) {
    throw new MapperError('invalid_config', `${part} is not percent-encoded`, { cause: error })
  }
}

function streamEvents(sim: EdgeSim, response: ServerResponse, signal: AbortSignal): void {
  const gone = new AbortController()
  response.on('close', () => gone.abort())
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  response.write(': ready\n\n')
  sim.subscribe(
    (event) => {
      // A listener that does not read is cut off; it must not hold all that it missed.
      if (response.writableLength > 1024 * 1024) response.destroy()
      else response.write(`data: ${JSON.stringify(event)}\n\n`)
    },
    AbortSignal.any([gone.signal, signal]),
  )
}

async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length <= bodyLimit) chunks.push(chunk)
  }
  return length > bodyLimit ? undefined : Buffer.concat(chunks).toString('utf8')
}

function send(response: ServerResponse, { status, body }: Reply): void {
  if (response.headersSent) return void response.destroy()
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(JSON.stringify(body))
}
