import { MapperError } from '@mapper-sdk/core'
import type { ModbusProtocol } from './protocol.ts'

/** Where a device is reached, with all that belongs to the connection and not to the device alone. */
export type Endpoint =
  | {
      readonly kind: 'tcp'
      readonly host: string
      readonly port: number
      readonly tls: TlsEndpoint | undefined
    }
  | { readonly kind: 'udp'; readonly host: string; readonly port: number }
  | ({ readonly kind: 'rtu'; readonly path: string } & Pick<
      ModbusProtocol,
      'baudRate' | 'dataBits' | 'stopBits' | 'parity' | 'rs485'
    >)

export type TlsEndpoint = Pick<
  ModbusProtocol,
  'caFile' | 'certFile' | 'keyFile' | 'serverName' | 'serverFingerprint'
>

/** Throws `invalid_config` that names the field which the transport needs. */
export function endpointOf(protocol: ModbusProtocol): Endpoint {
  const { transport, host, path, tls = false, port = tls ? 802 : 502 } = protocol
  if (transport === 'rtu') {
    if (path === undefined) throw missing('path', transport)
    const { baudRate, dataBits, stopBits, parity, rs485 } = protocol
    return { kind: 'rtu', path, baudRate, dataBits, stopBits, parity, rs485 }
  }
  if (host === undefined) throw missing('host', transport)
  return transport === 'udp'
    ? { kind: 'udp', host, port }
    : { kind: 'tcp', host, port, tls: tls ? tlsOf(protocol) : undefined }
}

function tlsOf(protocol: ModbusProtocol): TlsEndpoint {
  const { caFile, certFile, keyFile, serverName, serverFingerprint } = protocol
  return {
    ...(caFile !== undefined && { caFile }),
    ...(certFile !== undefined && { certFile }),
    ...(keyFile !== undefined && { keyFile }),
    ...(serverName !== undefined && { serverName }),
    ...(serverFingerprint !== undefined && { serverFingerprint }),
  }
}

const missing = (field: string, transport: string) =>
  new MapperError('invalid_config', `${field}: missing, transport ${transport} needs it`)

/**
 * Endpoints with the same key share one connection. All of TLS is in it: whoever trusts or shows
 * another certificate must not ride on a connection that somebody else has checked.
 */
export function keyOf(endpoint: Endpoint): string {
  if (endpoint.kind === 'rtu') return endpoint.path
  const where = `${endpoint.host.toLowerCase()}:${endpoint.port}`
  if (endpoint.kind === 'udp') return `udp:${where}`
  if (endpoint.tls === undefined) return where
  const settings = Object.entries(endpoint.tls).map((setting) => setting.join('='))
  return [`tls:${where}`, ...settings].join(' ')
}

/** As people write it: `192.0.2.7:502`, `192.0.2.7:502 by UDP`, `/dev/ttyUSB0 at 9600 8N1`. */
export function nameOf(endpoint: Endpoint): string {
  if (endpoint.kind === 'rtu') {
    const { path, baudRate, dataBits, parity, stopBits, rs485 } = endpoint
    const frame = `${dataBits}${parity.charAt(0).toUpperCase()}${stopBits}`
    return `${path} at ${baudRate} ${frame}${rs485 ? ' RS-485' : ''}`
  }
  const where = `${endpoint.host}:${endpoint.port}`
  if (endpoint.kind === 'udp') return `${where} by UDP`
  return endpoint.tls === undefined ? where : `${where} by TLS`
}
