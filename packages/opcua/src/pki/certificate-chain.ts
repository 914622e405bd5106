import { isSelfSigned, type Certificate } from './certificate.ts'

export interface Chain {
  /** Who signed it, and who signed that one, up to one that signed itself. */
  readonly issuers: readonly Certificate[]
  readonly complete: boolean
  /** Claims to have signed itself, and has not. */
  readonly forged: boolean
  /** The name of the one that is not here. */
  readonly missing?: string
}

/** Longer ones are made to cost time. */
const longest = 10

/** Follows the signatures from a certificate upwards through the known ones. Pure. */
export function buildChain(leaf: Certificate, known: readonly Certificate[]): Chain {
  const issuers: Certificate[] = []
  let current = leaf
  while (issuers.length < longest) {
    if (current.x509.subject === current.x509.issuer) {
      return isSelfSigned(current)
        ? { issuers, complete: true, forged: false }
        : { issuers, complete: false, forged: true }
    }
    const issuer = known.find((each) => signed(each, current))
    if (issuer === undefined) break
    issuers.push(issuer)
    current = issuer
  }
  return { issuers, complete: false, forged: false, missing: current.issuer }
}

/** Several authorities may bear one name, so the signature decides. */
function signed(issuer: Certificate, { x509 }: Certificate): boolean {
  if (issuer.x509.subject !== x509.issuer) return false
  try {
    return x509.verify(issuer.x509.publicKey)
  } catch {
    return false
  }
}
