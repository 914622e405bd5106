import { MapperError, type Logger, type Memory } from '@mapper-sdk/core'
import type { ModbusProtocol } from '../config/protocol.ts'
import type { ModbusLink } from '../link/link.ts'
import { identify } from './identify.ts'

/** A device that ignores the question must not hold up the reading that it follows for long. */
const mostTimeoutMs = 3000

/**
 * Asks a unit what it is, logs it and remembers it; the next time, also after a reconnect, it does
 * nothing. Never rejects: a link that ends because of it shows that in its next call.
 */
export async function identifyOnce(
  { unit, timeoutMs }: ModbusProtocol,
  link: ModbusLink,
  memory: Memory,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  const key = `unit ${unit} identity`
  if (memory.get(key) !== undefined) return
  // Before it is asked: should the device hang up on the question, it is not asked on every connection.
  memory.set(key, {})
  try {
    const options = { timeoutMs: Math.min(timeoutMs, mostTimeoutMs), signal }
    const identity = await identify(link, unit, { ...options, level: 'regular' })
    memory.set(key, identity)
    const told = Object.keys(identity).length > 0
    logger.info({ unit, ...identity }, told ? 'what the device is' : 'the device tells nothing')
  } catch (thrown) {
    logger.debug({ unit, err: MapperError.from(thrown) }, 'the device was not identified')
  }
}
