import { MapperError } from '@mapper-sdk/core'
import { wireName, type SerialSettings, type TcpSettings } from '@mapper-sdk/core/line'
import type { ModbusProtocol } from './protocol.ts'
import { transports } from './transports.ts'

/** Where a device is reached, with all that belongs to the connection and not to the device alone. */
export type Endpoint =
  | {
      readonly kind: 'tcp'
      readonly host: string
      readonly port: number
      readonly tls: TlsEndpoint | undefined
    }
  | { readonly kind: 'udp'; readonly host: string; readonly port: number }
  | {
      readonly kind: 'line'
      readonly framing: 'rtu' | 'ascii'
      readonly wire: SerialSettings | TcpSettings
    }

export type TlsEndpoint = Pick<
  ModbusProtocol,
  'caFile' | 'certFile' | 'keyFile' | 'serverName' | 'serverFingerprint'
>

/** Throws `invalid_config` that names the field which the transport needs. */
export function endpointOf(protocol: ModbusProtocol): Endpoint {
  const { transport, host, port, tls = false, connectTimeoutMs } = protocol
  const { framing, by } = transports[transport]
  if (framing !== 'mbap' && by === 'serial') {
    return { kind: 'line', framing, wire: serialOf(protocol) }
  }
  if (host === undefined) throw missing('host', transport)
  if (framing !== 'mbap') {
    return { kind: 'line', framing, wire: { kind: 'tcp', host, port, connectTimeoutMs } }
  }
  return by === 'udp'
    ? { kind: 'udp', host, port }
    : { kind: 'tcp', host, port, tls: tls ? tlsOf(protocol) : undefined }
}

function serialOf(protocol: ModbusProtocol): SerialSettings {
  const { transport, path, baudRate, dataBits, stopBits, parity, rs485, dtr, rts } = protocol
  if (path === undefined) throw missing('path', transport)
  const levels = { ...(dtr !== undefined && { dtr }), ...(rts !== undefined && { rts }) }
  return { kind: 'serial', path, baudRate, dataBits, stopBits, parity, rs485, ...levels }
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
  if (endpoint.kind === 'line') {
    const { framing, wire } = endpoint
    if (wire.kind === 'tcp') return `${framing}:${placeOf(wire)}`
    return framing === 'rtu' ? wire.path : `${framing}:${wire.path}`
  }
  const place = placeOf(endpoint)
  if (endpoint.kind === 'udp') return `udp:${place}`
  if (endpoint.tls === undefined) return place
  const settings = Object.entries(endpoint.tls).map((setting) => setting.join('='))
  return [`tls:${place}`, ...settings].join(' ')
}

const placeOf = ({ host, port }: { readonly host: string; readonly port: number }) =>
  `${host.toLowerCase()}:${port}`

/** As people write it: `192.0.2.7:502`, `192.0.2.7:502 by UDP`, `/dev/ttyUSB0 at 9600 8N1`. */
export function nameOf(endpoint: Endpoint): string {
  if (endpoint.kind === 'line') {
    const { framing, wire } = endpoint
    const isPlain = framing === 'rtu' && wire.kind === 'serial'
    return isPlain ? wireName(wire) : `${wireName(wire)} by ${framing.toUpperCase()}`
  }
  const where = `${endpoint.host}:${endpoint.port}`
  if (endpoint.kind === 'udp') return `${where} by UDP`
  return endpoint.tls === undefined ? where : `${where} by TLS`
}
