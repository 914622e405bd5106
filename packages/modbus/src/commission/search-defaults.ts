import type { ModbusProtocol } from '../config/protocol.ts'
import { transports } from '../config/transports.ts'

export interface SearchDefaults {
  /** How units on a serial line of its own speak; left out where there is none to find the settings of. */
  readonly framing?: 'rtu' | 'ascii'
  readonly highestUnit: number
  /** How long one unit may take to answer, in ms. */
  readonly timeoutMs: number
}

/** How units are searched on a transport if nobody says otherwise. */
export function searchDefaults({ transport }: ModbusProtocol): SearchDefaults {
  const { framing, by } = transports[transport]
  // A gateway asks its own line, and gives up on a unit after a second or so.
  if (framing === 'mbap') return { highestUnit: 255, timeoutMs: 2000 }
  const highestUnit = 247
  return by === 'serial'
    ? { framing, highestUnit, timeoutMs: 300 }
    : { highestUnit, timeoutMs: 1000 }
}
