import type { Bank } from './bank.ts'
import { serveSerial, type SerialSimulatorOptions } from './serve-serial.ts'
import type { ModbusSimulator } from './simulator.ts'

export type RtuSimulatorOptions = Omit<SerialSimulatorOptions, 'framing'>

/** Serves the bank as the units of an RTU line; a unit that is not there is silent. */
export const serveRtu = (bank: Bank, options: RtuSimulatorOptions): Promise<ModbusSimulator> =>
  serveSerial(bank, { ...options, framing: 'rtu' })
