import {
  createSharedConnection,
  type ConnectionSettings,
  type Lease,
  type SharedConnection,
} from './connection.ts'
import type { Id } from './device.ts'
import type { Driver } from './driver.ts'
import type { Logger } from './log.ts'
import { createMemory } from './memory.ts'
import type { Clock } from './time.ts'

/** One connection per connection key, shared by all devices that have it. */
export interface ConnectionPool {
  lease(key: string, protocol: unknown, device: Id, onReady: () => void): Lease
  readonly size: number
}

export function createConnectionPool(options: {
  readonly driver: Driver
  readonly settings: ConnectionSettings
  readonly clock: Clock
  readonly random: () => number
  readonly logger: Logger
}): ConnectionPool {
  const connections = new Map<string, SharedConnection>()
  return {
    lease(key, protocol, device, onReady) {
      let connection = connections.get(key)
      if (connection === undefined) {
        const logger = options.logger.child({ connection: key })
        const memory = createMemory()
        connection = createSharedConnection(options.driver, protocol, {
          ...options,
          logger,
          memory,
        })
        connections.set(key, connection)
      }
      const shared = connection
      const lease = shared.lease(device, onReady)
      return {
        run: lease.run,
        async release() {
          const ended = lease.release()
          if (shared.users === 0 && connections.get(key) === shared) connections.delete(key)
          await ended
        },
      }
    },
    get size() {
      return connections.size
    },
  }
}
