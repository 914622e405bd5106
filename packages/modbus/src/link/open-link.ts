import type { ConnectContext } from '@mapper-sdk/core'
import { endpointOf } from '../config/endpoint.ts'
import type { ModbusProtocol } from '../config/protocol.ts'
import { transports } from '../config/transports.ts'
import { openLine } from './line-link.ts'
import type { ModbusLink } from './link.ts'
import { pause } from './pauses.ts'
import { connectTcp } from './tcp-link.ts'
import { connectUdp } from './udp-link.ts'

/** Opens a link to where a device is. What calls for attention is logged. */
export async function openLink(
  protocol: ModbusProtocol,
  context: ConnectContext,
): Promise<ModbusLink> {
  const link = await connected(protocol, context)
  const { transport, pauseAfterConnectMs } = protocol
  try {
    if (pauseAfterConnectMs > 0 && transports[transport].by === 'tcp') {
      await pause(pauseAfterConnectMs, context.signal)
    }
    return link
  } catch (thrown) {
    await link.close()
    throw thrown
  }
}

function connected(protocol: ModbusProtocol, context: ConnectContext): Promise<ModbusLink> {
  const { signal, logger, memory, lines } = context
  const { connectTimeoutMs } = protocol
  const endpoint = endpointOf(protocol)
  switch (endpoint.kind) {
    case 'line':
      return openLine(endpoint, signal, lines)
    case 'udp': {
      const onDrop = (dropped: object) => logger.debug(dropped, 'Modbus UDP datagram dropped')
      return connectUdp({ ...endpoint, connectTimeoutMs, onDrop }, signal)
    }
    case 'tcp': {
      const { host, port, tls: settings } = endpoint
      // Once, not with every reconnect.
      const onWarning = (sentence: string) => {
        const key = `warned: ${sentence}`
        if (memory.get(key) === undefined) logger.warn(sentence)
        memory.set(key, true)
      }
      const tls = settings && { tls: { ...settings, onWarning, own: context } }
      return connectTcp({ host, port, connectTimeoutMs, ...tls }, signal)
    }
  }
}
