import { aliases } from '@mapper-sdk/core'

/** What the ways to a device are called elsewhere, as letters and digits alone. */
const ways = aliases({
  tcp: ['modbusTcp', 'tcpIp'],
  tls: ['tcpTls', 'modbusTls', 'modbusTcpSecurity', 'mbaps'],
  udp: ['modbusUdp', 'udpIp'],
  rtu: ['modbusRtu', 'serial', 'serialRtu', 'rtuSerial'],
  ascii: ['modbusAscii', 'serialAscii', 'asciiSerial'],
  'rtu-over-tcp': ['rtuOverTcp', 'rtuTcp', 'tcpRtu', 'modbusRtuOverTcp'],
  'ascii-over-tcp': ['asciiOverTcp', 'asciiTcp', 'tcpAscii', 'modbusAsciiOverTcp'],
})

/** Our words for a way to a device; nothing for a name that is not known. */
export interface Way {
  readonly transport?: string
  readonly tls?: true
}

/** `Modbus-TCP`, `tcp+tls`, `SERIAL` … */
export function wayOf(name: string): Way {
  const transport = ways.get(name.toLowerCase().replace(/[^a-z0-9]/g, ''))
  if (transport === 'tls') return { transport: 'tcp', tls: true }
  return transport === undefined ? {} : { transport }
}

/**
 * `host:port`, `[ipv6]:port`, a host or a serial port alone, also behind a way to get there:
 * `udp://host:port`, `rtu:///dev/ttyS0`. A scheme that says nothing to us is left out.
 */
export function splitAddress(
  address: string,
): Way & { readonly host?: string; readonly port?: string; readonly path?: string } {
  const [, scheme = '', bare = ''] = /^(?:([a-z+-]+):\/\/)?(.*)$/is.exec(address.trim()) ?? []
  const way = wayOf(scheme)
  if (bare.startsWith('/')) return { ...way, path: bare }
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(bare)
  const [, ipv6, host = ipv6 ?? bare, port] = match ?? []
  return { ...way, host, ...(port !== undefined && { port }) }
}
