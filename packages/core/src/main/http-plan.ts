import { createPrivateKey, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { MapperError } from '../errors.ts'
import {
  defaultAddress,
  defaultLimits,
  type HttpService,
  type HttpSettings,
  type TlsSettings,
} from '../http/server.ts'
import type { Logger } from '../log.ts'
import type { MapperConfig } from './config-schema.ts'
import { readFileOf, readWord } from './secrets.ts'

/** The REST API that a configuration asks for, checked but not served yet. */
export interface HttpPlan {
  readonly settings: HttpSettings
  /** What should be better, though it works. */
  readonly warnings: readonly string[]
  /** Reads the certificates afresh; undefined without TLS. Throws `invalid_config`. */
  readonly readTls: (() => Promise<TlsSettings>) | undefined
}

export interface HttpPlanContext {
  /** The configuration file, for messages. */
  readonly file: string
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** As the template of the Go framework has it. */
const usualPort = 7777
const shortestToken = 16

/** Undefined if nothing is to be served. Throws `invalid_config` that names key and file, never a secret. */
export async function planHttp(
  { http, common }: MapperConfig,
  { file, environment }: HttpPlanContext,
): Promise<HttpPlan | undefined> {
  const port = http?.port ?? common.http_port ?? (http && usualPort)
  if (port === undefined) return undefined
  try {
    const token = await readToken(http?.token_file, environment)
    const readTls = http?.tls && (() => readTlsFiles(http.tls ?? {}))
    const limits = http?.limits
    return {
      settings: {
        address: http?.address ?? defaultAddress,
        port,
        ...(token !== undefined && { token }),
        ...(readTls && { tls: await readTls() }),
        hosts: http?.hosts ?? [],
        writesByGet: http?.writes_by_get ?? false,
        limits: {
          bodyBytes: limits?.body_bytes ?? defaultLimits.bodyBytes,
          requestsPerSecond: limits?.requests_per_second ?? defaultLimits.requestsPerSecond,
          connections: limits?.connections ?? defaultLimits.connections,
          headerMs: limits?.header_ms ?? defaultLimits.headerMs,
          requestMs: limits?.request_ms ?? defaultLimits.requestMs,
          answerMs: limits?.answer_ms ?? defaultLimits.answerMs,
        },
      },
      warnings:
        token !== undefined && token.length < shortestToken
          ? [
              `the token of the REST API has fewer than ${shortestToken} characters and can be guessed`,
            ]
          : [],
      readTls,
    }
  } catch (thrown) {
    const { detail } = MapperError.from(thrown)
    throw new MapperError('invalid_config', `${file}: ${detail}`, { cause: thrown })
  }
}

async function readToken(
  named: string | undefined,
  environment: HttpPlanContext['environment'],
): Promise<string | undefined> {
  const token = await readWord({ named, key: 'http.token_file', name: 'TOKEN' }, environment)
  if (token === undefined) return undefined
  const fallback = environment['TOKEN_FILE'] ? 'TOKEN_FILE' : 'TOKEN'
  const source = named === undefined ? fallback : 'http.token_file'
  if (token === '') throw wrong(source, 'is empty; write the token into it')
  // What a header cannot carry could never be sent.
  if (!/^[\x21-\x7E]{1,4096}$/.test(token)) {
    throw wrong(source, 'must be one word of visible ASCII characters, at most 4096')
  }
  return token
}

async function readTlsFiles(places: {
  readonly cert_file?: string
  readonly key_file?: string
  readonly client_ca_file?: string
}): Promise<TlsSettings> {
  const { cert_file, key_file, client_ca_file } = places
  if (cert_file === undefined) throw wrong('http.tls.cert_file', 'is missing, but needed for TLS')
  if (key_file === undefined) {
    throw wrong('http.tls.key_file', 'is missing, but needed with http.tls.cert_file')
  }
  const [cert, key, clientCa] = await Promise.all([
    readFileOf(cert_file, 'http.tls.cert_file'),
    readFileOf(key_file, 'http.tls.key_file'),
    client_ca_file === undefined
      ? undefined
      : readFileOf(client_ca_file, 'http.tls.client_ca_file'),
  ])
  const check = (source: string, message: string, use: () => unknown) => {
    try {
      use()
    } catch (cause) {
      throw new MapperError('invalid_config', `${source}: ${message}`, { cause })
    }
  }
  const pem = (file: string, what: string) => `${file} holds no ${what} in PEM`
  check('http.tls.cert_file', pem(cert_file, 'certificate'), () => new X509Certificate(cert))
  // Not by a context of TLS, which takes an empty key for none.
  check('http.tls.key_file', pem(key_file, 'private key without a passphrase'), () =>
    createPrivateKey(key),
  )
  check('http.tls.key_file', `${key_file} is not the key of the certificate in ${cert_file}`, () =>
    createSecureContext({ cert, key }),
  )
  if (clientCa === undefined) return { cert, key }
  check('http.tls.client_ca_file', pem(client_ca_file ?? '', 'certificate'), () => {
    return new X509Certificate(clientCa)
  })
  return { cert, key, clientCa }
}

/** Secrets of Kubernetes and files of ACME clients change in place: they are looked at this often. */
const reloadMs = 60_000

/** Takes new certificates over while it runs; those that are wrong are told of, and the old ones stay. */
export function keepTlsFresh(
  { settings, readTls }: HttpPlan,
  service: Pick<HttpService, 'useTls'>,
  logger: Logger,
  everyMs = reloadMs,
): () => void {
  if (readTls === undefined) return () => undefined
  let seen = JSON.stringify(settings.tls)
  let said = ''
  let isLooking = false
  const look = async () => {
    if (isLooking) return
    isLooking = true
    try {
      const tls = await readTls()
      said = ''
      if (JSON.stringify(tls) === seen) return
      service.useTls(tls)
      seen = JSON.stringify(tls)
      logger.info('the REST API uses new certificates')
    } catch (thrown) {
      const { detail } = MapperError.from(thrown)
      if (detail === said) return
      said = detail
      logger.warn({ reason: detail }, 'the new certificates cannot be used; the old ones stay')
    } finally {
      isLooking = false
    }
  }
  const timer = setInterval(() => void look(), everyMs).unref()
  return () => clearInterval(timer)
}

const wrong = (source: string, message: string) =>
  new MapperError('invalid_config', `${source}: ${message}`)
