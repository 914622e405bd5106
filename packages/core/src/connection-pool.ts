import {
  createSharedConnection,
  type ConnectionSettings,
  type SharedConnection,
} from './connection.ts'
import type { Id } from './device.ts'
import type { Driver } from './driver.ts'
import type { Lease } from './lease.ts'
import { createLines } from './line/lines.ts'
import type { Logger } from './log.ts'
import { createMemory } from './memory.ts'
import type { Clock } from './time.ts'

/**
 * One connection per driver and connection key, shared by all devices that have it: of one mapper, or
 * of several mappers in one process that are given the same pool and the same driver. Connections of
 * different drivers share the lines that they open.
 */
export interface ConnectionPool {
  lease(driver: Driver, key: string, protocol: unknown, device: Id, onReady: () => void): Lease
  readonly size: number
}

export function createConnectionPool(options: {
  readonly settings: ConnectionSettings
  readonly clock: Clock
  readonly random: () => number
  readonly logger: Logger
  /** For files of the drivers. */
  readonly folder: string | undefined
  /** Files that no device may name. */
  readonly ownFiles?: readonly string[] | undefined
}): ConnectionPool {
  const drivers = new Map<Driver, Map<string, SharedConnection>>()
  const lines = createLines()
  return {
    lease(driver, key, protocol, device, onReady) {
      const connections = drivers.get(driver) ?? new Map<string, SharedConnection>()
      drivers.set(driver, connections)
      let connection = connections.get(key)
      if (connection === undefined) {
        const logger = options.logger.child({ connection: key })
        const memory = createMemory()
        connection = createSharedConnection(driver, protocol, {
          ...options,
          logger,
          memory,
          lines,
        })
        connections.set(key, connection)
      }
      const shared = connection
      const lease = shared.lease(device, onReady)
      return {
        ...lease,
        async release() {
          const ended = lease.release()
          if (shared.users === 0 && connections.get(key) === shared) connections.delete(key)
          if (connections.size === 0) drivers.delete(driver)
          await ended
        },
      }
    },
    get size() {
      return [...drivers.values()].reduce((sum, { size }) => sum + size, 0)
    },
  }
}
