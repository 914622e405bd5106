import type { Library } from '../library.ts'
import type { SecurityPolicy } from '../config/protocol.ts'
import { buildChain } from './certificate-chain.ts'
import { dayOf, daysLeft, describeCertificate, type Certificate } from './certificate.ts'
import { revocationOf } from './revocation.ts'

/** What a gateway trusts, as it stands in its PKI folder. */
export interface TrustLists {
  readonly trusted: readonly Certificate[]
  readonly issuers: readonly Certificate[]
  /** Certificate revocation lists in DER form. */
  readonly revocations: readonly Buffer[]
}

/** What the certificate is shown for. */
export interface JudgeContext {
  readonly now: number
  readonly policy: SecurityPolicy
  /** As the server describes itself; left out: not known. */
  readonly applicationUri?: string
  /** The host that the connection goes to; left out: not known. */
  readonly host?: string
}

export interface Refusal {
  /** The status code of the standard. */
  readonly status:
    | 'BadCertificateInvalid'
    | 'BadCertificatePolicyCheckFailed'
    | 'BadCertificateUntrusted'
    | 'BadCertificateChainIncomplete'
    | 'BadCertificateTimeInvalid'
    | 'BadCertificateIssuerTimeInvalid'
    | 'BadCertificateIssuerUseNotAllowed'
    | 'BadCertificateUriInvalid'
    | 'BadCertificateRevoked'
  /** Goes on after the name of the certificate, as in "expired on 2024-01-01". */
  readonly reason: string
}

export interface Verdict {
  readonly refusal?: Refusal
  /** What will need attention, in sentences that go on after the name of the certificate. */
  readonly warnings: readonly string[]
}

const warnDays = 30

/**
 * Goes through the checks of the standard (Part 4, 6.1.3) in its order. Pure.
 *
 * Refused: a broken certificate or chain, a key too short for the policy, one that nobody trusts, out of
 * its time, revoked, and one of a stranger's application. Warned about: a host name that differs (NAT
 * and containers), missing key usages and a missing revocation list, which the standard lets an operator
 * overrule; and what is odd about a certificate that a person has trusted by its thumbprint.
 */
export function judgeCertificate(
  leaf: Certificate,
  sent: readonly Certificate[],
  lists: TrustLists,
  context: JudgeContext,
  crypto: Library['crypto_utils'],
): Verdict {
  const warnings: string[] = []
  const refuse = (status: Refusal['status'], reason: string): Verdict => ({
    refusal: { status, reason },
    warnings,
  })

  const usage = usageOf(leaf, crypto)
  if (usage === undefined) return refuse('BadCertificateInvalid', 'cannot be read as X.509')
  const chain = buildChain(leaf, [...lists.trusted, ...lists.issuers, ...sent])
  if (chain.forged) {
    return refuse('BadCertificateInvalid', 'is signed by itself, but the signature is wrong')
  }
  const tooShort = keyProblem(leaf, context.policy)
  if (tooShort !== undefined) return refuse('BadCertificatePolicyCheckFailed', tooShort)

  const isTrusted = (each: Certificate) =>
    lists.trusted.some((trusted) => trusted.der.equals(each.der))
  const byPerson = isTrusted(leaf)
  if (!byPerson && !chain.issuers.some(isTrusted)) {
    const bySelf = chain.complete && chain.issuers.length === 0
    const reason = bySelf ? 'is not trusted' : 'is not trusted, and neither is who signed it'
    return refuse('BadCertificateUntrusted', reason)
  }
  if (!chain.complete) {
    const reason = `is signed by "${chain.missing}", whose certificate is not in issuers/certs`
    // Its thumbprint was compared by a person: who signed it adds nothing but revocation.
    if (!byPerson) return refuse('BadCertificateChainIncomplete', reason)
    warnings.push(`${reason}, so that nobody can tell whether it was revoked`)
  }
  for (const issuer of chain.issuers) {
    if (!issuer.x509.ca) {
      const reason = `is signed by ${describeCertificate(issuer)}, which may not sign certificates`
      return refuse('BadCertificateIssuerUseNotAllowed', reason)
    }
    const problem = timeProblem(issuer, context.now)
    if (problem === undefined) continue
    const reason = `is signed by "${issuer.subject}", whose certificate ${problem}`
    if (!byPerson) return refuse('BadCertificateIssuerTimeInvalid', reason)
    warnings.push(reason)
  }
  const outOfTime = timeProblem(leaf, context.now)
  if (outOfTime !== undefined) return refuse('BadCertificateTimeInvalid', outOfTime)

  const revocation = revocationOf([leaf, ...chain.issuers], lists.revocations, context.now, crypto)
  if (revocation.revoked !== undefined) return refuse('BadCertificateRevoked', revocation.revoked)
  warnings.push(...revocation.warnings)

  const uri = uriProblem(leaf, context.applicationUri)
  if (uri !== undefined) {
    // With an authority behind it this name alone says whose certificate it is.
    if (!byPerson) return refuse('BadCertificateUriInvalid', uri)
    warnings.push(uri)
  }
  const host = hostProblem(leaf, context.host)
  if (host !== undefined) warnings.push(host)
  if (usage.length > 0) warnings.push(`lacks the key usage ${usage.join(', ')}`)
  const left = daysLeft(leaf.validTo, context.now)
  if (left < warnDays) {
    warnings.push(`expires on ${dayOf(leaf.validTo)}, in ${left} days; renew it at the server`)
  }
  return { warnings }
}

/** What a certificate of an application should be allowed to do, and is not; undefined: unreadable. */
function usageOf(
  { der }: Certificate,
  crypto: Library['crypto_utils'],
): readonly string[] | undefined {
  try {
    const usage = crypto.exploreCertificate(der).tbsCertificate.extensions?.keyUsage
    if (usage === undefined) return []
    const needed = ['digitalSignature', 'keyEncipherment', 'dataEncipherment'] as const
    return needed.filter((each) => !usage[each])
  } catch {
    return undefined
  }
}

/** Key sizes of Part 7: the old policies begin at 1024 bits, the others at 2048. */
function keyProblem({ x509 }: Certificate, policy: SecurityPolicy): string | undefined {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = x509.publicKey
  if (type !== 'rsa' && type !== 'rsa-pss') return `has a key of type ${type}, but RSA is needed`
  const least = policy === 'Basic128Rsa15' || policy === 'Basic256' ? 1024 : 2048
  const bits = details?.modulusLength ?? 0
  return bits < least
    ? `has a key of ${bits} bits, but ${policy} needs ${least} at least`
    : undefined
}

export function timeProblem(certificate: Certificate, now: number): string | undefined {
  const { validFrom, validTo } = certificate
  if (now > validTo) return `expired on ${dayOf(validTo)} (today is ${dayOf(now)} here)`
  if (now >= validFrom) return undefined
  return `is valid only from ${dayOf(validFrom)} on (today is ${dayOf(now)} here)`
}

function uriProblem({ applicationUris }: Certificate, expected: string | undefined) {
  if (expected === undefined || applicationUris.includes(expected)) return undefined
  const named =
    applicationUris.length === 0 ? 'no application' : `"${applicationUris.join('", "')}"`
  return `names ${named}, but the server calls itself "${expected}"`
}

function hostProblem({ hosts }: Certificate, host: string | undefined) {
  if (host === undefined || hosts.some((each) => each.toLowerCase() === host.toLowerCase())) {
    return undefined
  }
  return `does not name the host ${host} (it names ${hosts.length === 0 ? 'none' : hosts.join(', ')})`
}
