import type { SecurityMode, SecurityPolicy } from '../config/protocol.ts'
import type { OfferedEndpoint } from './offered-endpoint.ts'

const strong = /#(?:Basic256Sha256|Aes128_Sha256_RsaOaep|Aes256_Sha256_RsaPss)$/

/**
 * Whether a password cannot travel in clear text to this endpoint, whichever of its user tokens the
 * library takes. The channel encrypts it; or the token names a policy, and the server shows the
 * certificate to encrypt it with. Without one the library would send it as it is.
 * The library prefers a strong policy over None and over one that a token leaves out. Pure.
 */
export function passwordIsSafe(
  endpoint: OfferedEndpoint,
  policy: SecurityPolicy,
  mode: SecurityMode,
): boolean {
  if (mode === 'SignAndEncrypt') return true
  if ((endpoint.serverCertificate?.length ?? 0) === 0) return false
  const names = (endpoint.userIdentityTokens ?? [])
    .filter(({ tokenType }) => tokenType === 1)
    .map(({ securityPolicyUri }) => securityPolicyUri ?? '')
  if (names.some((name) => strong.test(name))) return true
  return names.every((name) => (name === '' ? policy !== 'None' : !name.endsWith('#None')))
}
