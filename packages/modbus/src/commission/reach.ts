import { silentLogger } from '@mapper-sdk/core'
import { createLines } from '@mapper-sdk/core/line'
import type { ModbusProtocol } from '../config/protocol.ts'
import type { ModbusVisitor } from '../config/visitor.ts'
import { compileVisitor } from '../data/compile.ts'
import type { ModbusLink } from '../link/link.ts'
import { openLink } from '../link/open-link.ts'
import type { ReadItem } from '../read/plan.ts'

/** A link of its own to where a checked protocol configuration leads. Rejects as the driver's `connect` does. */
export const openTo = (protocol: ModbusProtocol, signal: AbortSignal): Promise<ModbusLink> =>
  openLink(protocol, {
    signal,
    logger: silentLogger,
    memory: new Map(),
    lines: createLines(),
    folder: undefined,
  })

/** The registers or bits that a checked visitor takes. Throws `invalid_config` if its fields do not fit together. */
export function placeOf(visitor: ModbusVisitor, protocol: ModbusProtocol): ReadItem {
  const { table, address, count } = compileVisitor(visitor, protocol)
  return { table, address, count }
}
