import { MapperError } from '@mapper-sdk/core'

/** TLS alerts by which a server refuses whom it talks to; with TLS 1.3 they come after the handshake. */
const refusals =
  /ALERT_(BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_\w+|UNKNOWN_CA|ACCESS_DENIED|DECRYPT_ERROR|HANDSHAKE_FAILURE)/

const versions = /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|VERSION_TOO_LOW/

/** What ended a connection, with or without TLS: `access_denied` calls for a person, the rest for time. */
export function socketFailure(error: Error, where: string): MapperError {
  const failure = (code: 'access_denied' | 'unreachable', detail: string) =>
    new MapperError(code, `${where}${detail}`, { cause: error })
  const { code = '', reason } = error as { code?: string; reason?: string }
  if (!code.startsWith('ERR_SSL_')) return failure('unreachable', `: ${error.message}`)
  const said = typeof reason === 'string' ? reason.trim() : code
  if (refusals.test(code)) {
    const fix = 'give it a client certificate that it accepts, by certFile and keyFile'
    return failure('access_denied', ` refuses the mapper (${said}); ${fix}`)
  }
  if (versions.test(code)) return failure('access_denied', ' speaks no TLS 1.2 or newer')
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER') {
    return failure('unreachable', ' does not answer in TLS; its port for TLS is another, often 802')
  }
  return failure('unreachable', `: TLS failed (${said})`)
}
