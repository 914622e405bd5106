import type { OpcuaProtocol } from './protocol.ts'

/** Options of a device that leave its session as it is. */
const ownOptions = new Set<keyof OpcuaProtocol>(['subscribe', 'publishingIntervalMs'])

/** Devices with the same server, user and security share a session. */
export const keyOf = (protocol: OpcuaProtocol): string =>
  JSON.stringify(
    Object.entries(protocol)
      .filter(([name]) => !ownOptions.has(name as keyof OpcuaProtocol))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )
