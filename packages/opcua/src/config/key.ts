import { createHmac, randomBytes } from 'node:crypto'
import type { OpcuaProtocol } from './protocol.ts'

/** Options of a device that leave its session as it is. */
const ownOptions = new Set<keyof OpcuaProtocol>(['subscribe', 'publishingIntervalMs'])

/** Keys stand in logs: without this, a short password could be found out from them by trying. */
const salt = randomBytes(32)

/**
 * Devices with the same server, user and security share a session. The key names the server and the user
 * for people; the rest is a digest that tells nothing, and is another one in each process.
 */
export function keyOf(protocol: OpcuaProtocol): string {
  const { url, userName } = protocol
  const options = Object.entries(protocol)
    .filter(([name]) => !ownOptions.has(name as keyof OpcuaProtocol))
    .sort(([a], [b]) => (a < b ? -1 : 1))
  const digest = createHmac('sha256', salt).update(JSON.stringify(options)).digest('hex')
  return `${userName === undefined ? '' : `${userName} at `}${url} (${digest.slice(0, 12)})`
}
