import { MapperError } from '@mapper-sdk/core'
import type { EndpointDescription } from 'node-opcua-client'
import type { OpcuaProtocol } from '../config/protocol.ts'
import { loadLibrary } from '../library.ts'
import { askEndpoints } from '../link/ask-endpoints.ts'
import {
  chooseEndpoint,
  tokensOf,
  type EndpointChoice,
  type TokenName,
} from '../link/choose-endpoint.ts'
import { openSecurity } from '../link/security.ts'
import { parseCertificates, type Certificate } from '../pki/certificate.ts'
import { loneContext } from './reach.ts'

/** What a server says of itself to whoever asks; nobody vouches for it. */
export interface Discovery {
  readonly applicationName: string
  readonly applicationUri: string
  readonly endpoints: readonly DiscoveredEndpoint[]
  /** The endpoint that `securityPolicy: auto` takes with this login, or why none. */
  readonly auto: DiscoveredEndpoint | MapperError
}

export interface DiscoveredEndpoint {
  readonly url: string
  /** The part of its URI behind the `#`, such as Basic256Sha256. */
  readonly policy: string
  readonly mode: 'None' | 'Sign' | 'SignAndEncrypt' | 'Invalid'
  readonly tokens: readonly TokenName[]
  /** Of the server; undefined if it shows none. A MapperError if nobody can read it. */
  readonly certificate: Certificate | MapperError | undefined
}

/**
 * Asks the server of a checked protocol config for its endpoints, with an unsecured client. Touches no
 * folder. Rejects with a MapperError that says what to do.
 */
export async function discover(protocol: OpcuaProtocol, signal: AbortSignal): Promise<Discovery> {
  const library = await loadLibrary()
  const { logger, memory } = loneContext(signal)
  const security = openSecurity(protocol, { library, folder: '', logger, memory })
  let offers: readonly EndpointDescription[]
  try {
    offers = await askEndpoints(protocol.url, { library, security, protocol, signal })
  } catch (thrown) {
    throw security.refusalOf(thrown)
  } finally {
    security.close()
  }
  const endpoints = offers.map(discovered)
  const [first] = offers
  const auto = chosen(protocol, offers)
  return {
    applicationName: first?.server.applicationName?.text ?? '',
    applicationUri: first?.server.applicationUri ?? '',
    endpoints,
    auto:
      auto instanceof MapperError ? auto : (endpoints[offers.indexOf(auto.endpoint)] ?? noOffer()),
  }
}

function chosen(
  protocol: OpcuaProtocol,
  offers: readonly EndpointDescription[],
): EndpointChoice<EndpointDescription> | MapperError {
  try {
    const wishes = { ...protocol, securityPolicy: 'auto', securityMode: 'auto' } as const
    return chooseEndpoint(wishes, offers, protocol.url)
  } catch (thrown) {
    return MapperError.from(thrown)
  }
}

const noOffer = () => new MapperError('internal', 'the choice is none of the offers')

const modes = ['None', 'Sign', 'SignAndEncrypt'] as const

const discovered = (offer: EndpointDescription): DiscoveredEndpoint => ({
  url: offer.endpointUrl ?? '',
  policy: offer.securityPolicyUri?.replace(/^.*#/s, '') ?? '',
  mode: modes[offer.securityMode - 1] ?? 'Invalid',
  tokens: tokensOf(offer),
  certificate: certificateOf(offer.serverCertificate),
})

function certificateOf(sent: Uint8Array | null): Certificate | MapperError | undefined {
  if ((sent?.length ?? 0) === 0) return undefined
  try {
    return parseCertificates(sent ?? new Uint8Array(), 'what the server shows')[0]
  } catch (thrown) {
    return MapperError.from(thrown)
  }
}
