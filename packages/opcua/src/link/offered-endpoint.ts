/** What is asked of an endpoint description of a server; those of the library fit. */
export interface OfferedEndpoint {
  readonly endpointUrl: string | null
  /** 1 None, 2 Sign, 3 SignAndEncrypt */
  readonly securityMode: number
  readonly securityPolicyUri: string | null
  readonly userIdentityTokens: readonly OfferedToken[] | null
  readonly serverCertificate: Uint8Array | null
  readonly server: { readonly applicationUri: string | null }
}

export interface OfferedToken {
  /** 0 Anonymous, 1 UserName, 2 Certificate, 3 IssuedToken */
  readonly tokenType: number
  readonly securityPolicyUri: string | null
}
