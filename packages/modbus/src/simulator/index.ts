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
export {
  serveTcp,
  type SimulatedTls,
  type TcpSimulator,
  type TcpSimulatorOptions,
} from './serve-tcp.ts'
export { serveUdp, type UdpSimulator, type UdpSimulatorOptions } from './serve-udp.ts'
export type { LineFraming } from './line-frames.ts'
export { serveLine, type LineSimulator, type LineSimulatorOptions } from './serve-line.ts'
export { serveRtu, type RtuSimulatorOptions } from './serve-rtu.ts'
export { serveSerial, type SerialSimulatorOptions } from './serve-serial.ts'
export { parseBank, BankFileError, type BankFile } from './bank-file.ts'
export { vary, type Variation } from './vary.ts'
export type { SimulateOptions } from '@mapper-sdk/core/simulating'
export { simulate } from './simulate.ts'
