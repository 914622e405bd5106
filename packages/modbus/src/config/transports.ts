/** Every way to a device: what frames its bytes and what carries them. */
export const transports = {
  tcp: { framing: 'mbap', by: 'tcp' },
  udp: { framing: 'mbap', by: 'udp' },
  rtu: { framing: 'rtu', by: 'serial' },
  ascii: { framing: 'ascii', by: 'serial' },
  'rtu-over-tcp': { framing: 'rtu', by: 'tcp' },
  'ascii-over-tcp': { framing: 'ascii', by: 'tcp' },
} as const

export type Transport = keyof typeof transports

export const transportNames = Object.keys(transports) as [Transport, ...Transport[]]

/** Requests go one by one: the answers bear no id. */
export const isLine = (transport: Transport): boolean => transports[transport].framing !== 'mbap'
