import { MapperError, type ErrorCode } from '@mapper-sdk/core'
import type { OwnCertificate } from '../pki/own-certificate.ts'

/** What is known about the attempt that failed. */
export interface Attempt {
  readonly url: string
  /** Left out: the connection was to be unsecured. */
  readonly own?: Pick<OwnCertificate, 'chain' | 'file' | 'applicationUri'> | undefined
  /** Whom it logs in as, in words: `user "operator"`. */
  readonly user: string
}

type Says = (attempt: Attempt) => string

const untrusted: Says = ({ own }) =>
  own === undefined
    ? 'it wants a secured connection; set securityPolicy auto'
    : `it does not trust the mapper's certificate (thumbprint ${own.chain[0].thumbprint}); ` +
      (own.file === undefined
        ? 'let the server trust it'
        : `take ${own.file} to the server's trusted certificates`)
const badOwn =
  (what: string): Says =>
  ({ own }) =>
    `it says that the mapper's certificate ${own?.file ?? ''} ${what}`
const user =
  (what: string): Says =>
  (attempt) =>
    `it ${what} ${attempt.user}`
const plain =
  (text: string): Says =>
  () =>
    text

/** What a status of the server means for a connection that is being made. */
const meanings: Readonly<Record<string, readonly [ErrorCode, Says]>> = {
  // By the standard a server says no more than this to a stranger.
  BadSecurityChecksFailed: ['access_denied', untrusted],
  BadCertificateUntrusted: ['access_denied', untrusted],
  BadCertificateInvalid: ['access_denied', badOwn('is invalid; let it be made anew')],
  BadCertificateTimeInvalid: [
    'access_denied',
    badOwn('has expired or is not valid yet; compare the clocks of both machines'),
  ],
  BadCertificateIssuerTimeInvalid: [
    'access_denied',
    badOwn('was signed by an authority whose own has expired'),
  ],
  BadCertificateUriInvalid: [
    'access_denied',
    (attempt) => {
      const name = attempt.own?.applicationUri ?? ''
      return badOwn(`names another application than "${name}"; leave applicationUri out`)(attempt)
    },
  ],
  BadCertificateHostNameInvalid: ['access_denied', badOwn('names another host')],
  BadCertificateUseNotAllowed: ['access_denied', badOwn('may not be used for this')],
  BadCertificateIssuerUseNotAllowed: [
    'access_denied',
    badOwn('was signed by one that is no authority'),
  ],
  BadCertificateRevoked: ['access_denied', badOwn('was revoked')],
  BadCertificateIssuerRevoked: [
    'access_denied',
    badOwn('was signed by an authority that was revoked'),
  ],
  BadCertificateRevocationUnknown: [
    'access_denied',
    badOwn("may have been revoked; put its authority's revocation list into the server"),
  ],
  BadCertificateIssuerRevocationUnknown: [
    'access_denied',
    badOwn("may be signed by a revoked authority; put the root's revocation list into the server"),
  ],
  BadCertificateChainIncomplete: [
    'access_denied',
    badOwn('is signed by an unknown authority; put that into the issuers of the server'),
  ],
  BadCertificatePolicyCheckFailed: ['access_denied', badOwn('is too weak for the policy')],
  BadIdentityTokenRejected: ['access_denied', user('does not accept')],
  BadIdentityTokenInvalid: ['access_denied', user('does not understand the login of')],
  BadUserAccessDenied: ['access_denied', user('refuses')],
  BadUserSignatureInvalid: ['access_denied', user('refuses the key of')],
  BadSecurityModeInsufficient: [
    'access_denied',
    plain('it wants more security; set securityPolicy auto'),
  ],
  BadSecurityPolicyRejected: [
    'invalid_config',
    plain('it does not take this securityPolicy; set it to auto'),
  ],
  BadSecurityModeRejected: [
    'invalid_config',
    plain('it does not take this securityMode; set it to auto'),
  ],
  BadTcpEndpointUrlInvalid: [
    'invalid_config',
    plain('it does not know this address; set endpointAddress to advertised, or the path in url'),
  ],
  BadInvalidTimestamp: ['rejected', plain('the clocks of the two machines differ too much')],
  BadNonceInvalid: ['rejected', plain('its answer did not fit the question')],
  BadTooManySessions: ['rejected', plain('it has no session left; close some or raise its limit')],
  BadTcpServerTooBusy: ['rejected', plain('it is too busy')],
  BadTcpNotEnoughResources: ['rejected', plain('it has no room for a connection')],
  BadMaxConnectionsReached: ['rejected', plain('it has no connection left')],
  BadLicenseLimitsExceeded: ['rejected', plain('its license allows no more')],
  BadLicenseExpired: ['rejected', plain('its license has expired')],
  BadServerHalted: ['unreachable', plain('it is halted')],
  BadShutdown: ['unreachable', plain('it is shutting down')],
  BadTimeout: ['timeout', plain('it did not answer in time')],
  BadRequestTimeout: ['timeout', plain('it did not answer in time')],
  BadConnectionRejected: ['unreachable', plain('it refused the connection')],
  BadConnectionClosed: ['unreachable', plain('it closed the connection')],
  BadSecureChannelClosed: ['unreachable', plain('it closed the connection')],
}

/** Node's network errors often arrive as text only. */
const network: Readonly<Record<string, ErrorCode>> = {
  ECONNREFUSED: 'unreachable',
  ECONNRESET: 'unreachable',
  ECONNABORTED: 'unreachable',
  EPIPE: 'unreachable',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  ENOTFOUND: 'unreachable',
  EAI_AGAIN: 'unreachable',
  ETIMEDOUT: 'timeout',
}

/**
 * Why connecting, opening a session or logging in failed, from what the library threw: a code that tells
 * core what to do, and what a person can do. Pure.
 */
export function refusalOf(thrown: unknown, attempt: Attempt): MapperError {
  if (thrown instanceof MapperError) return thrown
  const texts = textsOf(thrown)
  for (const text of texts) {
    for (const [status] of text.matchAll(/\bBad[A-Z]\w+/g)) {
      const meaning = meanings[status]
      if (meaning === undefined) continue
      const [code, says] = meaning
      return new MapperError(code, `${attempt.url} answers ${status}: ${says(attempt)}`, {
        cause: thrown,
      })
    }
  }
  for (const text of texts) {
    const code = /\bE[A-Z_]{4,}\b/.exec(text)?.[0]
    const known = code === undefined ? undefined : network[code]
    if (known !== undefined) {
      return new MapperError(known, `${attempt.url} cannot be reached (${code})`, { cause: thrown })
    }
  }
  const text = texts.join(' ')
  if (/disconnected|rejected by server|closed/i.test(text)) {
    const hint =
      attempt.own === undefined
        ? ''
        : `; if it does so each time, ${untrusted(attempt).replace('it does', 'it may')}`
    return new MapperError('unreachable', `${attempt.url} closed the connection${hint}`, {
      cause: thrown,
    })
  }
  if (/timeout|timed out/i.test(text)) {
    return new MapperError('timeout', `${attempt.url} did not answer in time`, { cause: thrown })
  }
  return MapperError.from(thrown, 'unreachable')
}

function textsOf(thrown: unknown): readonly string[] {
  const texts: string[] = []
  let current = thrown
  for (let depth = 0; depth < 8 && current !== undefined && current !== null; depth++) {
    if (typeof current !== 'object') {
      if (typeof current === 'string') texts.push(current)
      break
    }
    if (current instanceof Error) texts.push(current.message)
    const { code, cause } = current as { code?: unknown; cause?: unknown }
    if (typeof code === 'string') texts.push(code)
    current = cause
  }
  return texts
}
