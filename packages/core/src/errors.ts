/**
 * The closed list of error codes. There are no user-defined codes: a driver picks the one that
 * tells core what to do next, and keeps the details in the message and in `cause`.
 */
export type ErrorCode =
  | 'invalid_config'
  | 'unreachable'
  | 'timeout'
  | 'rejected'
  | 'bad_data'
  | 'access_denied'
  | 'unsupported'
  | 'canceled'
  | 'edge_unavailable'
  | 'internal'

/** What core does about an error of a code. */
export interface ErrorPolicy {
  /**
   * How a connection that failed with it is tried again: soon, later and later up to a few seconds; or
   * seldom, because only a change of the configuration or of the device helps.
   */
  readonly retry: 'soon' | 'seldom'
  /**
   * What the device is reported as while all its readings fail with this code; `ok`: a property that
   * has no value says nothing about the device.
   */
  readonly state: 'ok' | 'offline' | 'unhealthy' | 'unknown'
  /** Level of the first log line; repetitions go to debug. */
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  /** Weather (the field, the network, the configuration) prints without a stack; a bug prints with it. */
  readonly weather: boolean
}

export const errorPolicies: Readonly<Record<ErrorCode, ErrorPolicy>> = {
  invalid_config: { retry: 'seldom', state: 'unhealthy', level: 'error', weather: true },
  unreachable: { retry: 'soon', state: 'offline', level: 'warn', weather: true },
  timeout: { retry: 'soon', state: 'offline', level: 'warn', weather: true },
  rejected: { retry: 'soon', state: 'unhealthy', level: 'warn', weather: true },
  bad_data: { retry: 'soon', state: 'unhealthy', level: 'warn', weather: true },
  access_denied: { retry: 'seldom', state: 'unhealthy', level: 'error', weather: true },
  unsupported: { retry: 'seldom', state: 'ok', level: 'warn', weather: true },
  canceled: { retry: 'soon', state: 'unknown', level: 'debug', weather: true },
  edge_unavailable: { retry: 'soon', state: 'unknown', level: 'warn', weather: true },
  internal: { retry: 'soon', state: 'unhealthy', level: 'error', weather: false },
}

/** The one error class of the SDK. The message carries its code in front: `[timeout] no answer in 1000 ms`. */
export class MapperError extends Error {
  readonly code: ErrorCode
  /** The message without the code. */
  readonly detail: string

  constructor(code: ErrorCode, detail: string, options?: { cause?: unknown }) {
    super(`[${code}] ${detail}`, options)
    this.name = 'MapperError'
    this.code = code
    this.detail = detail
  }

  /** Any thrown value as a MapperError. Foreign errors get a code from their Node error code, else `fallback`. */
  static from(thrown: unknown, fallback: ErrorCode = 'internal'): MapperError {
    if (thrown instanceof MapperError) return thrown
    const node = nodeCode(thrown)
    const code =
      (node !== undefined ? codeOfNodeError[node] : undefined) ?? abortCode(thrown) ?? fallback
    const text = thrown instanceof Error ? thrown.message : String(thrown)
    return new MapperError(code, text === '' ? (node ?? 'unknown failure') : text, {
      cause: thrown,
    })
  }
}

/** Walks `cause` to the first error with a string `code`, as Node sets it. */
function nodeCode(thrown: unknown): string | undefined {
  let current = thrown
  for (let depth = 0; depth < 8 && typeof current === 'object' && current !== null; depth++) {
    const code: unknown = (current as { code?: unknown }).code
    if (typeof code === 'string') return code
    current = (current as { cause?: unknown }).cause
  }
  return undefined
}

function abortCode(thrown: unknown): ErrorCode | undefined {
  if (!(thrown instanceof Error)) return undefined
  if (thrown.name === 'TimeoutError') return 'timeout'
  return thrown.name === 'AbortError' ? 'canceled' : undefined
}

const codeOfNodeError: Readonly<Record<string, ErrorCode>> = {
  ECONNREFUSED: 'unreachable',
  ECONNRESET: 'unreachable',
  ECONNABORTED: 'unreachable',
  EPIPE: 'unreachable',
  ENOTCONN: 'unreachable',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EHOSTDOWN: 'unreachable',
  ENOTFOUND: 'unreachable',
  EAI_AGAIN: 'unreachable',
  ENOENT: 'unreachable',
  ENXIO: 'unreachable',
  ENODEV: 'unreachable',
  EIO: 'unreachable',
  EBUSY: 'unreachable',
  ETIMEDOUT: 'timeout',
  // What Node's fetch says instead of the codes of the sockets below it.
  UND_ERR_SOCKET: 'unreachable',
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  EACCES: 'access_denied',
  EPERM: 'access_denied',
}
