import { X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import type { IClientOptions } from 'mqtt'
import { MapperError } from '../../errors.ts'

export interface BrokerOptions {
  /** `mqtt://host:port`, or `mqtts://` for TLS; `tcp://` and `ssl://` mean the same. No user or password in it. */
  readonly url: string
  /** Lasting, and of this mapper alone: a broker ends the session of whoever came before by the same id. */
  readonly clientId: string
  readonly username?: string
  readonly password?: string
  /** PEM texts, not paths. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string }
  /** How long a session may take to come up, from connecting to the broker's word on the subscriptions; 10000 if left out. */
  readonly connectTimeoutMs?: number
  /** How long the broker may take to acknowledge a message; then it counts as lost. 5000 if left out. */
  readonly publishTimeoutMs?: number
}

/** At most 23 letters and digits: the ids that every broker must take. */
export function clientIdOf(mapperName: string): string {
  const legal = mapperName.replace(/[^0-9a-zA-Z]/g, '')
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(mapperName)) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  }
  return `mapper${legal.slice(0, 9)}${hash.toString(16).padStart(8, '0')}`
}

/** The options as mqtt.js takes them. Throws `invalid_config` for what can never work; names no secret. */
export function clientOptions(options: BrokerOptions): { url: string; options: IClientOptions } {
  const { clientId, username, password, tls } = options
  const invalid = (detail: string, cause?: unknown) =>
    new MapperError('invalid_config', `MQTT broker: ${detail}`, { cause })
  const url = URL.canParse(options.url) ? new URL(options.url) : undefined
  if (url === undefined || url.hostname === '') {
    throw invalid('the URL is none; write mqtt://host:port or mqtts://host:port')
  }
  if (url.username !== '' || url.password !== '') {
    throw invalid('take user and password out of the URL; give them apart, as secrets')
  }
  const plain = /^(mqtt|tcp):$/.test(url.protocol)
  if (!plain && !/^(mqtts|ssl):$/.test(url.protocol)) {
    throw invalid(`${url.protocol}// is not spoken; write mqtt:// or mqtts://`)
  }
  if (clientId === '') throw invalid('the client id is empty')
  if (password !== undefined && username === undefined) {
    throw invalid('there is a password but no user name')
  }
  if (plain && tls !== undefined) {
    throw invalid(`certificates are given, but ${options.url} is not TLS; write mqtts://`)
  }
  if ((tls?.cert === undefined) !== (tls?.key === undefined)) {
    throw invalid('a client certificate needs its key, and a key its certificate')
  }
  try {
    createSecureContext({ ...tls })
    // A CA that is none would just be ignored.
    if (tls?.ca !== undefined) new X509Certificate(tls.ca)
  } catch (cause) {
    throw invalid(`the certificates cannot be read: ${MapperError.from(cause).detail}`, cause)
  }
  return {
    url: `${plain ? 'mqtt' : 'mqtts'}://${url.host}`,
    options: {
      clientId,
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      ...tls,
      protocolVersion: 4,
      clean: true,
      keepalive: 30,
      // Reconnecting, subscribing and deadlines are ours: mqtt.js would do them without jitter or end,
      // and would keep messages without bound while the broker is away.
      reconnectPeriod: 0,
      resubscribe: false,
      queueQoSZero: false,
      connectTimeout: options.connectTimeoutMs ?? 10_000,
    },
  }
}

const tlsTrouble = /CERT|SSL|TLS|SELF_SIGNED|ISSUER|SIGNATURE|CRL/

/** What a failed session means: `access_denied` and `invalid_config` call for a person, the rest for time. */
export function brokerFailure(error: unknown, { url, username }: BrokerOptions): MapperError {
  const code: unknown = (error as { code?: unknown } | null)?.code
  const message = MapperError.from(error).detail
  const failure = (kind: 'access_denied' | 'invalid_config' | 'edge_unavailable', detail: string) =>
    new MapperError(kind, `MQTT broker ${url}: ${detail}`, { cause: error })
  if (code === 4 || code === 5) {
    const who = username === undefined ? 'a client without a user name' : `user "${username}"`
    return failure('access_denied', `it refuses ${who}; check user name and password`)
  }
  if (refusesSubscription(error)) {
    return failure(
      'access_denied',
      'it refuses a subscription below $hw/events/device/; allow them',
    )
  }
  if (code === 1 || code === 2) return failure('invalid_config', message)
  if (typeof code === 'string' && tlsTrouble.test(code)) {
    return failure('access_denied', `TLS: ${message} (${code}); check its certificate and the CA`)
  }
  return failure('edge_unavailable', message)
}

/** mqtt.js hands over the SUBACK with its error; 0x80 and above are refusals. */
function refusesSubscription(error: unknown): boolean {
  const granted = (error as { packet?: { granted?: unknown } } | null)?.packet?.granted
  return Array.isArray(granted) && granted.some((code) => typeof code === 'number' && code >= 0x80)
}
