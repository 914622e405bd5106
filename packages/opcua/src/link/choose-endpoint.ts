import { MapperError } from '@mapper-sdk/core'
import {
  securityPolicies,
  type OpcuaProtocol,
  type SecurityMode,
  type SecurityPolicy,
} from '../config/protocol.ts'
import type { OfferedEndpoint } from './offered-endpoint.ts'
import { passwordIsSafe } from './password-safety.ts'

export type TokenName = 'Anonymous' | 'UserName' | 'Certificate' | 'IssuedToken'

/** What a connection is going to use. */
export interface EndpointChoice<E extends OfferedEndpoint = OfferedEndpoint> {
  readonly endpoint: E
  readonly policy: SecurityPolicy
  readonly mode: SecurityMode
  readonly token: TokenName
  /** Where to connect to. */
  readonly url: string
}

/** What of the protocol configuration decides. */
export type EndpointWishes = Pick<
  OpcuaProtocol,
  'securityPolicy' | 'securityMode' | 'endpointAddress' | 'userName' | 'userCertificateFile'
>

const modes = ['None', 'Sign', 'SignAndEncrypt'] as const
const tokens = ['Anonymous', 'UserName', 'Certificate', 'IssuedToken'] as const
const uri = 'http://opcfoundation.org/UA/SecurityPolicy#'
/** Their hash or padding is broken: only for those who ask for them by name. */
const broken: readonly string[] = ['None', 'Basic128Rsa15', 'Basic256']

export const tokenOf = (wishes: EndpointWishes): TokenName =>
  wishes.userCertificateFile !== undefined
    ? 'Certificate'
    : wishes.userName !== undefined
      ? 'UserName'
      : 'Anonymous'

/**
 * Chooses among what a server offers: exactly what is asked for, and for `auto` the strongest, first by
 * mode, then by policy, and never None or a broken policy. Pure. Throws `invalid_config` that names what is
 * asked for and what is offered; it never takes something weaker instead.
 */
export function chooseEndpoint<E extends OfferedEndpoint>(
  wishes: EndpointWishes,
  offered: readonly E[],
  writtenUrl: string,
): EndpointChoice<E> {
  const { securityPolicy = 'None', securityMode = 'auto' } = wishes
  checkWishes(securityPolicy, securityMode)
  const token = tokenOf(wishes)
  const known = offered.flatMap((endpoint) => readOffer(endpoint) ?? [])
  const secure = known.filter(
    ({ policy, mode }) =>
      (securityPolicy === 'auto' ? !broken.includes(policy) : policy === securityPolicy) &&
      (securityMode === 'auto'
        ? (mode === 'None') === (securityPolicy === 'None')
        : mode === securityMode),
  )
  const asked = `securityPolicy ${securityPolicy}, securityMode ${securityMode}`
  if (secure.length === 0) {
    throw new MapperError(
      'invalid_config',
      `${writtenUrl} does not offer ${asked}; it offers ${listOf(known.map(({ policy, mode }) => `${policy}/${mode}`))}`,
    )
  }
  const forUser = secure.filter(({ endpoint }) => tokensOf(endpoint).includes(token))
  if (forUser.length === 0) {
    const others = secure.flatMap(({ endpoint }) => tokensOf(endpoint))
    throw new MapperError(
      'invalid_config',
      `${writtenUrl} takes no ${wordsOf[token]} with ${asked}; it takes ${listOf(others.map((each) => wordsOf[each]))}`,
    )
  }
  const safe =
    token === 'UserName'
      ? // The library may take any of those that are alike.
        forUser.filter((one) => forUser.every((other) => !alike(one, other) || isSafe(other)))
      : forUser
  if (safe.length === 0) {
    throw new MapperError(
      'invalid_config',
      `${writtenUrl} takes a password only in clear text with ${asked}, so it was not sent; ` +
        'set securityPolicy auto, or have the server encrypt passwords (a security policy for its user token)',
    )
  }
  const [best] = [...safe].sort(
    (a, b) =>
      modes.indexOf(b.mode) - modes.indexOf(a.mode) ||
      securityPolicies.indexOf(b.policy) - securityPolicies.indexOf(a.policy) ||
      Number(sameHost(b.endpoint, writtenUrl)) - Number(sameHost(a.endpoint, writtenUrl)),
  )
  if (best === undefined) throw new MapperError('internal', 'no best one of some')
  const advertised = wishes.endpointAddress === 'advertised' ? best.endpoint.endpointUrl : null
  return { ...best, token, url: advertised ?? writtenUrl }
}

/**
 * Before a session exists, nobody vouches for the list of offers. The one that the session brings is
 * protected: if it would have made another choice, somebody has taken offers away. Pure.
 */
export function findDowngrade(
  wishes: EndpointWishes,
  choice: EndpointChoice,
  protectedOffers: readonly OfferedEndpoint[],
): MapperError | undefined {
  if (choice.mode === 'None' || protectedOffers.length === 0) return undefined
  // The standard lets a session's own list leave the certificate out, which is known by now.
  const whole = protectedOffers.map((offer) => ({
    ...offer,
    serverCertificate: choice.endpoint.serverCertificate,
  }))
  let again: EndpointChoice
  try {
    again = chooseEndpoint(wishes, whole, choice.url)
  } catch (thrown) {
    return MapperError.from(thrown)
  }
  const { policy, mode } = again
  if (policy === choice.policy && mode === choice.mode) return undefined
  return new MapperError(
    'access_denied',
    `${choice.url} offers ${policy}/${mode}, but somebody on the way to it hid that and ` +
      `${choice.policy}/${choice.mode} was used; the connection was closed`,
  )
}

interface ReadOffer<E> {
  readonly endpoint: E
  readonly policy: SecurityPolicy
  readonly mode: SecurityMode
}

/** Undefined: another transport, or a policy that nobody here knows. */
function readOffer<E extends OfferedEndpoint>(endpoint: E): ReadOffer<E> | undefined {
  const name = endpoint.securityPolicyUri?.startsWith(uri)
    ? endpoint.securityPolicyUri.slice(uri.length)
    : ''
  const policy = securityPolicies.find((each) => each === name)
  const mode = modes[endpoint.securityMode - 1]
  if (policy === undefined || mode === undefined) return undefined
  // A policy without a mode secures nothing, and the other way round.
  if ((policy === 'None') !== (mode === 'None')) return undefined
  if (endpoint.endpointUrl !== null && !endpoint.endpointUrl.startsWith('opc.tcp:'))
    return undefined
  return { endpoint, policy, mode }
}

function checkWishes(policy: string, mode: string): void {
  if (policy === 'None' ? mode === 'None' || mode === 'auto' : mode !== 'None') return
  throw new MapperError(
    'invalid_config',
    `securityMode ${mode} does not go with securityPolicy ${policy}; set ${policy === 'None' ? 'securityPolicy to auto' : 'securityMode to auto'}`,
  )
}

const alike = (one: ReadOffer<unknown>, other: ReadOffer<unknown>): boolean =>
  one.policy === other.policy && one.mode === other.mode

const isSafe = ({ endpoint, policy, mode }: ReadOffer<OfferedEndpoint>): boolean =>
  passwordIsSafe(endpoint, policy, mode)

const wordsOf: Readonly<Record<TokenName, string>> = {
  Anonymous: 'anonymous user',
  UserName: 'user name and password',
  Certificate: 'user certificate',
  IssuedToken: 'issued token',
}

/** How users may log in there. */
export const tokensOf = (endpoint: OfferedEndpoint): readonly TokenName[] =>
  (endpoint.userIdentityTokens ?? []).flatMap(({ tokenType }) => tokens[tokenType] ?? [])

const listOf = (texts: readonly string[]): string =>
  texts.length === 0 ? 'nothing that is known here' : [...new Set(texts)].sort().join(', ')

function sameHost({ endpointUrl }: OfferedEndpoint, written: string): boolean {
  const host = (url: string | null) => /^opc\.tcp:\/\/([^/]+)/i.exec(url ?? '')?.[1]?.toLowerCase()
  return host(endpointUrl) === host(written)
}
