import { MapperError, type OwnPlaces } from '@mapper-sdk/core'
import type { Library } from '../library.ts'
import { describeCertificate, parseCertificates, type Certificate } from './certificate.ts'
import { filesIn, openPkiFolder, pkiFolder } from './folder.ts'
import {
  judgeCertificate,
  type JudgeContext,
  type Refusal,
  type TrustLists,
} from './judge-certificate.ts'
import { readNamedFile, readResourceFile } from './read-file.ts'
import { shellWord } from './shell-word.ts'
import { certificatesIn, reject } from './trust-list.ts'

export interface ServerVerdict {
  readonly refusal?: { readonly status: Refusal['status']; readonly error: MapperError }
  /** What will need attention, in sentences. */
  readonly warnings: readonly string[]
}

export interface JudgeServerOptions {
  readonly folder: string
  /** The one certificate that is trusted besides those in the folder. */
  readonly serverCertificateFile?: string | undefined
  readonly own?: OwnPlaces
  readonly context: JudgeContext
  readonly crypto: Library['crypto_utils']
}

/**
 * Whether a server's certificate, as it was sent with its chain, is accepted by what the folder holds at
 * this moment. One that nobody trusts is put into `rejected`. Rejects only for files that cannot be read.
 */
export async function judgeServer(
  sent: Uint8Array,
  options: JudgeServerOptions,
): Promise<ServerVerdict> {
  const { folder, context, crypto } = options
  const parsed = parseSent(sent)
  if (parsed instanceof MapperError) {
    return { refusal: { status: 'BadCertificateInvalid', error: parsed }, warnings: [] }
  }
  const [leaf, ...chain] = parsed
  const { lists, problems } = await readTrustLists(options)
  const { refusal, warnings } = judgeCertificate(leaf, chain, lists, context, crypto)
  const what = `the server's certificate ${describeCertificate(leaf)}`
  const said = [...problems, ...warnings.map((each) => `${what} ${each}`)]
  if (refusal === undefined) return { warnings: said }
  const next =
    refusal.status === 'BadCertificateUntrusted'
      ? await keepRejected(folder, leaf)
      : adviceFor[refusal.status]
  const error = new MapperError('access_denied', `${what} ${refusal.reason}; ${next}`)
  return { refusal: { status: refusal.status, error }, warnings: said }
}

function parseSent(sent: Uint8Array): readonly [Certificate, ...Certificate[]] | MapperError {
  try {
    return parseCertificates(sent, "the server's certificate")
  } catch (thrown) {
    return new MapperError('access_denied', MapperError.from(thrown).detail, { cause: thrown })
  }
}

async function keepRejected(root: string, leaf: Certificate): Promise<string> {
  const then =
    'compare the thumbprint with the one that the server shows, then run: ' +
    `mapper opcua trust ${leaf.thumbprint} --pki ${shellWord(root)}`
  try {
    const { rejected } = await openPkiFolder(root)
    await reject(rejected, leaf)
    return `it was put into ${rejected}; ${then}`
  } catch (thrown) {
    return `it could not be kept, because ${MapperError.from(thrown).detail}; do that first, ${then}`
  }
}

const adviceFor: Readonly<Record<Exclude<Refusal['status'], 'BadCertificateUntrusted'>, string>> = {
  BadCertificateInvalid: 'have the server make a new one',
  BadCertificatePolicyCheckFailed: 'have the server make a new one with a longer key',
  BadCertificateChainIncomplete: 'put that certificate into issuers/certs of the PKI folder',
  BadCertificateTimeInvalid: 'renew it at the server, or set the clock that is wrong',
  BadCertificateIssuerTimeInvalid: 'have the server use one of a valid authority',
  BadCertificateIssuerUseNotAllowed: 'have the server use one of a real authority',
  BadCertificateUriInvalid:
    'another application shows it; have the server make one that bears its own name',
  BadCertificateRevoked: 'have the server use another one',
}

async function readTrustLists({
  folder: root,
  serverCertificateFile: pinnedFile,
  own,
}: JudgeServerOptions): Promise<{
  readonly lists: TrustLists
  readonly problems: readonly string[]
}> {
  const { trusted, issuers, trustedRevocations, issuerRevocations } = pkiFolder(root)
  const stored = [
    ...(await certificatesIn('trusted', trusted)),
    ...(await certificatesIn('issuers', issuers)),
  ]
  const option = 'serverCertificateFile'
  const pinned =
    pinnedFile === undefined
      ? []
      : [
          parseCertificates(
            await readResourceFile(option, pinnedFile, own),
            `${option} ${pinnedFile}`,
          )[0],
        ]
  const of = (room: string) =>
    stored.flatMap((each) => (each.room === room ? (each.certificate ?? []) : []))
  const files = [...(await filesIn(trustedRevocations)), ...(await filesIn(issuerRevocations))]
  return {
    lists: {
      trusted: [...pinned, ...of('trusted')],
      issuers: of('issuers'),
      revocations: await Promise.all(
        files.map(async (file) => derOf(await readNamedFile('the revocation list', file))),
      ),
    },
    problems: stored.flatMap(({ problem }) => problem ?? []),
  }
}

function derOf(bytes: Buffer): Buffer {
  const text = /-----BEGIN X509 CRL-----([^-]+)-----/.exec(bytes.toString('latin1'))?.[1]
  return text === undefined ? bytes : Buffer.from(text, 'base64')
}
