import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { MapperError } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { TokenCheck } from './bearer-token.ts'
import { createRateLimit } from './rate-limit.ts'
import { readJson } from './read-json.ts'
import { fail, type Answer, type Route } from './route.ts'
import { createRouter, type Match } from './router.ts'
import type { TrafficLog } from './traffic.ts'

export interface HandlerOptions {
  readonly routes: readonly Route[]
  readonly checkToken: TokenCheck
  readonly isOurHost: (header: string | undefined) => boolean
  readonly traffic: TrafficLog
  readonly bodyBytes: number
  readonly requestsPerSecond: number
  /** The longest that an answer is worked on, and the longest that a peer may take to fetch it. */
  readonly answerMs: number
  readonly logger: Logger
}

/** What a wrong token costs of the peer's requests: guessing is slow. */
const guessCost = 10
const guessWarningMs = 60_000

/**
 * Answers requests, whatever they are: each check stands before the work that it spares, the token
 * before the body. What goes wrong inside is logged, and told as 500 without a word about it.
 */
export function createHandler(options: HandlerOptions): RequestListener {
  const { logger, traffic, checkToken } = options
  const route = createRouter(options.routes)
  const rate = createRateLimit(options.requestsPerSecond)
  let warnedAt = -Infinity

  const refuse = (peer: string, why: string): Answer => {
    const now = performance.now()
    rate.take(peer, now, guessCost)
    if (now - warnedAt >= guessWarningMs) {
      warnedAt = now
      logger.warn({ peer, reason: why }, 'a request without the right token was refused')
    }
    return fail(401, why)
  }

  const answerTo = async (request: IncomingMessage, match: Match): Promise<Answer> => {
    if (!options.isOurHost(request.headers.host)) {
      return fail(403, 'the Host header names another host; list it in http.hosts if it is ours')
    }
    const peer = peerOf(request)
    const isProbe = match.kind === 'found' && match.route.access === 'probe'
    if (!isProbe && !rate.take(peer, performance.now())) return fail(429, 'too many requests')
    if (match.kind === 'unknown') return fail(404, '404 page not found')
    if (match.kind === 'malformed') return fail(400, match.text)
    if (match.kind === 'wrong method') return fail(405, `this path takes ${match.allow}`)
    const { access, body, run } = match.route
    const denied = access === 'token' ? checkToken(request.headers.authorization) : undefined
    if (denied !== undefined) return refuse(peer, denied)
    const json = body && (await readJson(request, options.bodyBytes))
    if (json?.ok === false) return json.answer
    return run({ params: match.params, query: match.query, body: json?.value })
  }

  const inTime = (work: Promise<Answer>) =>
    new Promise<Answer>((resolve, reject) => {
      const late = () =>
        resolve(
          fail(504, `no answer within ${options.answerMs} ms; whether a write takes place is open`),
        )
      const timer = setTimeout(late, options.answerMs)
      void work.then(resolve, reject).finally(() => clearTimeout(timer))
    })

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const { method = '', url = '' } = request
    const match = route(method, url)
    let answer: Answer
    try {
      answer = await inTime(answerTo(request, match))
    } catch (thrown) {
      const path = match.kind === 'found' ? match.route.path : undefined
      logger.error(
        { err: MapperError.from(thrown), route: path },
        'a request could not be answered',
      )
      answer = fail(500, 'internal error; the log of the mapper has more')
    }
    // Words of ours only: a stranger's path or method must not become a label.
    const [name, verb] =
      match.kind === 'found' ? [match.route.path, match.route.method] : ['other', 'other']
    traffic.count(name, verb, answer.status)
    send(request, response, answer, match.kind === 'wrong method' ? { allow: match.allow } : {})
    // A peer that does not fetch its answer holds a connection that others may need.
    const timer = setTimeout(() => request.socket.destroy(), options.answerMs).unref()
    response.once('close', () => clearTimeout(timer))
  }

  return (request, response) => {
    handle(request, response).catch((thrown: unknown) => {
      // Nothing that a stranger sends may end the mapper, not even through a bug in here.
      logger.error({ err: MapperError.from(thrown) }, 'an answer could not be sent')
      request.socket.destroy()
    })
  }
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
  more: Readonly<Record<string, string>>,
): void {
  const [type, text] =
    'json' in answer
      ? ['application/json', JSON.stringify(answer.json)]
      : [answer.type ?? 'text/plain; charset=utf-8', answer.text]
  const correlation = request.headers['x-correlation-id']
  // The Go framework echoes it. One that could be anything else is left out.
  const isEchoed = typeof correlation === 'string' && /^[\w.:-]{1,128}$/.test(correlation)
  response.writeHead(answer.status, {
    ...securityHeaders,
    'content-type': type,
    'content-length': Buffer.byteLength(text),
    ...(isEchoed && { 'x-correlation-id': correlation }),
    ...(answer.status === 401 && { 'www-authenticate': 'Bearer realm="mapper"' }),
    ...(answer.status === 429 && { 'retry-after': '1' }),
    // The rest of a body that nobody reads would be taken for the next request.
    ...(!request.complete && hasBody(request) && { connection: 'close' }),
    ...more,
  })
  response.end(request.method === 'HEAD' ? undefined : text)
}

const securityHeaders = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
}

const hasBody = ({ headers }: IncomingMessage) =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0

/** An IPv4 peer of a socket for both is the same peer. */
const peerOf = ({ socket }: IncomingMessage) => (socket.remoteAddress ?? '').replace(/^::ffff:/, '')
