export {
  createBank,
  type Bank,
  type BankOptions,
  type BankWrite,
  type BitTable,
  type RegisterTable,
} from './bank.ts'
export type { Fault, FaultScript, SimulatedRequest } from './faults.ts'
export type { ModbusSimulator, SimulatorOptions } from './simulator.ts'
export {
  serveTcp,
  type SimulatedTls,
  type TcpSimulator,
  type TcpSimulatorOptions,
} from './serve-tcp.ts'
export { serveUdp, type UdpSimulator, type UdpSimulatorOptions } from './serve-udp.ts'
export { serveRtu, type RtuSimulatorOptions } from './serve-rtu.ts'
export { parseBank, BankFileError, type BankFile } from './bank-file.ts'
export { vary, type Variation } from './vary.ts'
