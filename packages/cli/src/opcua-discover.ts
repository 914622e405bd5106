import { MapperError } from '@mapper-sdk/core'
import type { OpcuaProtocol } from '@mapper-sdk/opcua'
import {
  dayOf,
  discover,
  type DiscoveredEndpoint,
  type Discovery,
} from '@mapper-sdk/opcua/commission'
import type { CommandIo } from './command-io.ts'
import { printable } from './printable.ts'

type Certificate = Exclude<DiscoveredEndpoint['certificate'], MapperError | undefined>

/** Asks a server what it offers and prints that. Resolves with whether it offers anything. */
export async function printEndpoints(
  protocol: OpcuaProtocol,
  { json }: { readonly json: boolean },
  { out, err, signal }: CommandIo,
): Promise<boolean> {
  const found = await discover(protocol, signal)
  const lines = json ? jsonLines(found) : textLines(found, protocol.url)
  out.write(lines.map((line) => `${line}\n`).join(''))
  if (found.endpoints.length === 0) err.write('the server names no endpoint\n')
  else if (found.auto instanceof MapperError) {
    err.write(`securityPolicy auto finds nothing: ${found.auto.detail}\n`)
  }
  return found.endpoints.length > 0
}

const nameOf = ({ policy, mode }: DiscoveredEndpoint) =>
  policy === 'None' && mode === 'None' ? 'None' : `${printable(policy, 60)}, ${mode}`

const tokenWords = {
  Anonymous: 'anonymous',
  UserName: 'user name',
  Certificate: 'user certificate',
  IssuedToken: 'issued token',
} as const

function textLines({ applicationName, applicationUri, endpoints, auto }: Discovery, url: string) {
  const width = Math.max(...endpoints.map((each) => nameOf(each).length))
  const lines = [`${printable(applicationName)}  ${printable(applicationUri)}`]
  let lastUrl = url.replace(/\/$/, '')
  let lastThumbprint = ''
  for (const endpoint of endpoints) {
    const own = endpoint.url.replace(/\/$/, '')
    // What it advertises is often not what it was asked as: then `endpointAddress` matters.
    if (own !== lastUrl) lines.push(`as ${printable(endpoint.url)}`)
    lastUrl = own
    const tokens = [...new Set(endpoint.tokens)].map((token) => tokenWords[token]).join(', ')
    const chosen = endpoint === auto ? '  <- securityPolicy auto' : ''
    lines.push(`  ${nameOf(endpoint).padEnd(width)}  ${tokens}${chosen}`)
  }
  for (const { certificate } of endpoints) {
    if (certificate === undefined) continue
    const isBroken = certificate instanceof MapperError
    const thumbprint = isBroken ? certificate.detail : certificate.thumbprint
    if (thumbprint === lastThumbprint) continue
    lastThumbprint = thumbprint
    lines.push(
      ...(isBroken ? [`certificate: ${certificate.detail}`] : certificateLines(certificate)),
    )
  }
  return lines
}

const certificateLines = ({ subject, thumbprint, sha256, validFrom, validTo }: Certificate) => [
  `certificate "${subject}", valid from ${dayOf(validFrom)} to ${dayOf(validTo)}`,
  `  thumbprint ${thumbprint}`,
  `  SHA-256 ${sha256}`,
]

function jsonLines({ endpoints, auto, ...application }: Discovery): readonly string[] {
  return endpoints.map((endpoint) => {
    const { certificate, ...others } = endpoint
    return JSON.stringify({
      ...application,
      ...others,
      tokens: [...new Set(others.tokens)],
      isAuto: endpoint === auto,
      ...(certificate instanceof MapperError
        ? { certificate: { problem: certificate.detail } }
        : certificate && { certificate: certificateJson(certificate) }),
    })
  })
}

/** What people compare and plan with. */
export const certificateJson = (certificate: Certificate) => ({
  subject: certificate.subject,
  issuer: certificate.issuer,
  thumbprint: certificate.thumbprint,
  sha256: certificate.sha256,
  validFrom: new Date(certificate.validFrom).toISOString(),
  validTo: new Date(certificate.validTo).toISOString(),
  applicationUris: certificate.applicationUris,
})
