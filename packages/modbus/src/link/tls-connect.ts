import { isIP, type Socket } from 'node:net'
import { checkServerIdentity, connect, type PeerCertificate, type TLSSocket } from 'node:tls'
import { MapperError } from '@mapper-sdk/core'
import type { HostAddress } from './host-address.ts'
import { socketFailure } from './socket-failure.ts'
import { socketReady } from './socket-ready.ts'
import { tcpConnect } from './tcp-connect.ts'
import { dayOf, expiryWarning, readTlsFiles, type TlsFiles } from './tls-files.ts'

/** How a Modbus/TCP Security connection is secured. The server's certificate is always checked. */
export interface TlsOptions extends TlsFiles {
  /** The name that the server's certificate must bear; the host if left out. */
  readonly serverName?: string
  /**
   * SHA-256 of the one certificate that is accepted, in hex with or without colons. It then needs
   * no authority and no name; with a `caFile` it needs these too.
   */
  readonly serverFingerprint?: string
  /** Told of what will need attention: a certificate that expires, a key that others can read. */
  readonly onWarning?: (sentence: string) => void
}

/**
 * A connected socket whose server has proved who it is, by TLS 1.2 or newer. The files are read for
 * every connection, so that renewed ones are used without a restart. Settles within `timeoutMs` or at
 * once when the signal aborts. Rejects with `access_denied` when either side does not trust the other.
 */
export async function tlsConnect(
  { host, port }: HostAddress,
  tls: TlsOptions,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<TLSSocket> {
  const { onWarning = () => undefined } = tls
  const begun = performance.now()
  const { warnings, ...texts } = await readTlsFiles(tls)
  warnings.forEach(onWarning)
  const wire = await tcpConnect({ host, port }, timeoutMs, signal)
  const leftMs = Math.max(1, Math.ceil(timeoutMs - (performance.now() - begun)))
  const where = `${host}:${port}`
  const name = tls.serverName ?? host
  const socket = await socketReady(secure(wire, name, texts), 'secureConnect', {
    what: `no TLS connection to ${where}`,
    timeoutMs: leftMs,
    signal,
    failure: (error) => socketFailure(error, where),
  })
  const distrust = reasonToDistrust(socket, where, name, tls)
  if (distrust !== undefined) {
    socket.destroy()
    throw distrust
  }
  const warning = expiryWarning(socket.getPeerCertificate().valid_to, `the certificate of ${where}`)
  if (warning !== undefined) onWarning(warning)
  return socket
}

function secure(
  wire: Socket,
  name: string,
  texts: { readonly ca?: string; readonly cert?: string; readonly key?: string },
): TLSSocket {
  return connect({
    socket: wire,
    ...texts,
    minVersion: 'TLSv1.2',
    // An IP address is no server name in TLS.
    ...(isIP(name) === 0 && { servername: name }),
    checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate),
    // Not that it is accepted: only here it could not say which certificate it was.
    rejectUnauthorized: false,
  })
}

function reasonToDistrust(
  socket: TLSSocket,
  where: string,
  name: string,
  { caFile, serverFingerprint }: TlsOptions,
): MapperError | undefined {
  const certificate = socket.getPeerCertificate()
  const shown = certificate.fingerprint256
  const whose = `the certificate of ${where}`
  const refusal = (detail: string) => new MapperError('access_denied', `${whose} ${detail}`)
  if (serverFingerprint !== undefined) {
    if (plain(shown) !== plain(serverFingerprint)) {
      return refusal(`has the fingerprint ${shown}, which is not that of serverFingerprint`)
    }
    if (caFile === undefined) return undefined
  }
  if (socket.authorized) return undefined
  const known = caFile === undefined ? 'an authority that Node.js knows' : `caFile ${caFile}`
  return refusal(`${whyNot(socket, certificate, name, known)} (SHA-256 ${shown})`)
}

function whyNot(
  socket: TLSSocket,
  certificate: PeerCertificate,
  name: string,
  known: string,
): string {
  const code = String(socket.authorizationError)
  switch (code) {
    case 'CERT_HAS_EXPIRED':
      return Date.parse(certificate.valid_to) < Date.now()
        ? `expired on ${dayOf(certificate.valid_to)}; renew it on the device, or check the clock here`
        : 'is good, but one that signed it has expired'
    case 'CERT_NOT_YET_VALID':
      return `is valid from ${dayOf(certificate.valid_from)} on; check the clock here and there`
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `is not for ${name}, but for ${namesIn(certificate)}; set serverName to the one that is meant`
    default:
      return (
        `is not signed by ${known} (${code}); set caFile to who signed it, or, when it is surely ` +
        `the device's own, serverFingerprint to its fingerprint`
      )
  }
}

function namesIn({ subject, subjectaltname }: PeerCertificate): string {
  const names = subjectaltname ?? String(subject?.CN ?? 'nobody')
  return names.replace(/(^|, )(?:DNS|IP Address):/g, '$1')
}

/** One spelling of a fingerprint; of nothing, something that no fingerprint is. */
const plain = (fingerprint: string | undefined) =>
  fingerprint?.replaceAll(':', '').toLowerCase() ?? 'none'
