import type { ConnectContext } from '@mapper-sdk/core'
import type { Endpoint } from '../config/endpoint.ts'
import { openLine } from './line-link.ts'
import type { ModbusLink } from './link.ts'
import { connectTcp } from './tcp-link.ts'
import { connectUdp } from './udp-link.ts'

/** What of the protocol configuration is about the link itself. */
export interface LinkSettings {
  readonly connectTimeoutMs: number
  readonly maxInFlight: number
}

/** Opens a link to where the endpoint is. What calls for attention is logged. */
export function openLink(
  endpoint: Endpoint,
  { connectTimeoutMs, maxInFlight }: LinkSettings,
  { signal, logger, memory, lines }: ConnectContext,
): Promise<ModbusLink> {
  switch (endpoint.kind) {
    case 'line':
      return openLine(endpoint, signal, lines)
    case 'udp': {
      const onDrop = (dropped: object) => logger.debug(dropped, 'Modbus UDP datagram dropped')
      return connectUdp({ ...endpoint, connectTimeoutMs, maxInFlight, onDrop }, signal)
    }
    case 'tcp': {
      const { host, port, tls: settings } = endpoint
      // Once, not with every reconnect.
      const onWarning = (sentence: string) => {
        const key = `warned: ${sentence}`
        if (memory.get(key) === undefined) logger.warn(sentence)
        memory.set(key, true)
      }
      const tls = settings && { tls: { ...settings, onWarning } }
      return connectTcp({ host, port, connectTimeoutMs, maxInFlight, ...tls }, signal)
    }
  }
}
