export {
  createBank,
  type Bank,
  type BankIdentity,
  type BankOptions,
  type BankWrite,
  type BitTable,
  type RegisterTable,
} from './bank.ts'
export type { Fault, FaultScript, SimulatedRequest } from './faults.ts'
export type { ModbusSimulator, SimulatorOptions } from './simulator.ts'
export { serveTcp, type TcpSimulator, type TcpSimulatorOptions } from './serve-tcp.ts'
export { serveRtu, type RtuSimulatorOptions } from './serve-rtu.ts'
export { parseBank, BankFileError, type BankFile } from './bank-file.ts'
export { vary, type Variation } from './vary.ts'
export { simulate, type SimulateOptions } from './simulate.ts'
