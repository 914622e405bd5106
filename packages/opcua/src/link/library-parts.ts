import type { OPCUAClientOptions } from 'node-opcua-client'
import type { Library } from '../library.ts'
import type { OwnCertificate } from '../pki/own-certificate.ts'

type Store = Extract<
  NonNullable<OPCUAClientOptions['clientCertificateManager']>,
  { addRevocationList(crl: Uint8Array, target?: 'issuers' | 'trusted'): Promise<unknown> }
>
type Provider = NonNullable<OPCUAClientOptions['certificateKeyPairProvider']>

/**
 * What the library asks about certificates, answered by `judge` alone. The library's own store would
 * keep its files at a place of its choice, lock them with folders and watch them all the time.
 */
export function certificateStore(
  { StatusCodes }: Library,
  judge: (certificate: Uint8Array) => Promise<string>,
): NonNullable<OPCUAClientOptions['clientCertificateManager']> {
  const first = (certificate: Uint8Array | Uint8Array[]) =>
    Array.isArray(certificate) ? Buffer.concat(certificate) : certificate
  const statusOf = async (certificate: Uint8Array | Uint8Array[]) => {
    const name = await judge(first(certificate))
    return (
      (StatusCodes as unknown as Record<string, typeof StatusCodes.Good>)[name] ??
      StatusCodes.BadCertificateInvalid
    )
  }
  const nothing = () => Promise.resolve()
  const store: Store = {
    referenceCounter: 0,
    initialize: nothing,
    dispose: nothing,
    checkCertificate: statusOf,
    getTrustStatus: statusOf,
    verifyCertificate: (certificate: Uint8Array | Uint8Array[]) => judge(first(certificate)),
    trustCertificate: nothing,
    rejectCertificate: nothing,
    addIssuer: nothing,
    addRevocationList: nothing,
  }
  return store
}

/** The mapper's certificate and key as the library asks for them; the key does not show when printed. */
export function keyPairProvider(own: OwnCertificate, crypto: Library['crypto_utils']): Provider {
  const chain = own.chain.map(({ der }) => der)
  const key = crypto.makePrivateKeyFromPem(own.keyPem())
  const inMemory = '<in-memory>'
  const provider: Provider & { certificateFile: string; privateKeyFile: string } = {
    // By these names the library knows that there is no file to make.
    certificateFile: inMemory,
    privateKeyFile: inMemory,
    getCertificate: () => own.chain[0].der,
    getCertificateChain: () => [...chain],
    getPrivateKey: () => key,
  }
  return provider
}
