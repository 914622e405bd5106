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
import { createSilenceBudget, type SilenceBudget } from './silence-budget.ts'
import type { Clock } from './time.ts'

interface Kept {
  readonly shared: SharedConnection
  readonly giveBack: () => void
}

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
  const drivers = new Map<Driver, Map<string, Kept>>()
  const lines = createLines()
  /** How much time silence may take, of each line that somebody uses. */
  const silences = new Map<Driver, Map<string, { budget: SilenceBudget; users: number }>>()

  const takeSilence = (driver: Driver, line: string) => {
    const own = silences.get(driver) ?? new Map<string, { budget: SilenceBudget; users: number }>()
    silences.set(driver, own)
    const entry = own.get(line) ?? { budget: createSilenceBudget(options.random), users: 0 }
    own.set(line, entry)
    entry.users++
    return {
      silence: entry.budget,
      giveBack() {
        if (--entry.users === 0) own.delete(line)
        if (own.size === 0) silences.delete(driver)
      },
    }
  }

  return {
    lease(driver, key, protocol, device, onReady) {
      const connections = drivers.get(driver) ?? new Map<string, Kept>()
      drivers.set(driver, connections)
      let kept = connections.get(key)
      if (kept === undefined) {
        const logger = options.logger.child({ connection: key })
        const memory = createMemory()
        const { silence, giveBack } = takeSilence(driver, driver.lineKey?.(protocol) ?? key)
        const own = { ...options, logger, memory, lines, silence }
        kept = { shared: createSharedConnection(driver, protocol, own), giveBack }
        connections.set(key, kept)
      }
      const used = kept
      const lease = used.shared.lease(device, onReady)
      return {
        ...lease,
        async release() {
          const ended = lease.release()
          if (used.shared.users === 0 && connections.get(key) === used) {
            connections.delete(key)
            used.giveBack()
          }
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
