export { modbusDriver } from './driver.ts'
export { commandLine } from './commission/command-line.ts'
export { protocolSchema, type ModbusProtocol } from './config/protocol.ts'
export { visitorSchema, type ModbusVisitor, type ValueType } from './config/visitor.ts'
export { normalize } from './config/dialects.ts'
export {
  addressRule,
  formatAddress,
  parseAddress,
  referenceOf,
  type Address,
  type PlacedAddress,
} from './config/address.ts'
export { checkVisitor, compileVisitor } from './data/compile.ts'
export type { Compiled, CompiledBit, CompiledRegisters } from './data/compiled.ts'
export { applyMasks, type MaskedRegister, type RegisterChange } from './data/register-change.ts'
export {
  costOf,
  planReads,
  type ReadCost,
  type ReadItem,
  type ReadLimits,
  type ReadRequest,
  type TableRange,
} from './read/plan.ts'
export { shortestFloat32 } from '@mapper-sdk/core'
export { connectTcp, type TcpOptions } from './link/tcp-link.ts'
export type { TlsOptions } from './link/tls-connect.ts'
export { connectUdp, type Dropped, type UdpOptions } from './link/udp-link.ts'
export { openLine, openSerial, type LineOptions, type SerialOptions } from './link/line-link.ts'
export type {
  Answer,
  Exchange,
  IdentificationLevel,
  ModbusLink,
  PipelinedLink,
  RequestOptions,
  Table,
  WriteOptions,
} from './link/link.ts'
export { identify, type IdentifyOptions } from './identify/identify.ts'
export type { Identification } from './identify/identification.ts'
