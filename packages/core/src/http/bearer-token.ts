import { createHash, timingSafeEqual } from 'node:crypto'

/** Why a request may not do what needs the token; undefined: it may. */
export type TokenCheck = (authorization: string | undefined) => string | undefined

/**
 * Checks the header `Authorization: Bearer TOKEN` (RFC 6750, clause 2.1). Hashes are compared, in
 * constant time, so that neither the token nor its length can be found out by measuring.
 */
export function createTokenCheck(token: string | undefined): TokenCheck {
  if (token === undefined) {
    return () => 'no token is configured, so nothing can be written: set http.token_file or TOKEN'
  }
  const wanted = digest(token)
  return (authorization) => {
    if (authorization === undefined) return 'send the header Authorization: Bearer TOKEN'
    const [, given] = /^Bearer +([\x21-\x7E]{1,4096}) *$/i.exec(authorization) ?? []
    if (given === undefined) return 'the header Authorization is not of the form Bearer TOKEN'
    return timingSafeEqual(digest(given), wanted) ? undefined : 'the token is wrong'
  }
}

const digest = (text: string) => createHash('sha256').update(text).digest()
